using System.Buffers.Binary;
using ECapture.Storage.Postgres;
using ECapture.Storage.Reading.Sql;
using Npgsql;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>
/// Rows of a <c>COPY (…) TO STDOUT (FORMAT BINARY)</c> (PostgreSQL, "COPY", section "Binary Format"): large results cost a third of what they cost as rows of a SELECT.
/// Spans point into the buffer.
/// </summary>
internal sealed class PostgresCopyReader(NpgsqlConnection connection, NpgsqlRawCopyStream copy, StoreAddress address) : IRowReader
{
    private const int HeaderLength = 19; // signature, flags, length of the extension
    private const long Epoch = 946_684_800_000_000; // microseconds from 1970 to 2000

    private byte[] _buffer = new byte[256 << 10];
    private int _start;
    private int _end;
    private bool _isBegun;
    private bool _isComplete;
    private (int At, int Length)[] _fields = [];

    public ValueTask<bool> ReadAsync(CancellationToken cancellationToken) =>
        TryTake() ? new ValueTask<bool>(!_isComplete) : ReadMoreAsync(cancellationToken);

    public bool IsNull(int column) => _fields[column].Length < 0;

    public ulong Number(int column)
    {
        ReadOnlySpan<byte> bytes = Bytes(column);
        return bytes.Length switch
        {
            2 => (ulong)BinaryPrimitives.ReadInt16BigEndian(bytes),
            4 => (ulong)BinaryPrimitives.ReadInt32BigEndian(bytes),
            8 => (ulong)BinaryPrimitives.ReadInt64BigEndian(bytes),
            _ => throw Unexpected(),
        };
    }

    public Guid Uuid(int column) => new(Bytes(column), bigEndian: true);

    public long Time(int column) => (BinaryPrimitives.ReadInt64BigEndian(Bytes(column)) + Epoch) * 1000;

    public ReadOnlySpan<byte> Bytes(int column)
    {
        (int at, int length) = _fields[column];
        return length < 0 ? throw Unexpected() : _buffer.AsSpan(at, length);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_isComplete)
            {
                await copy.CancelAsync().ConfigureAwait(false); // else disposing would read the rest of the result
            }

            await copy.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (!_isComplete && (PostgresErrors.Is(e) || e is OperationCanceledException or ObjectDisposedException))
        {
            // The answer to the cancellation; nobody waits for the rest of the rows.
        }

        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * _buffer.Length); // a row longer than the buffer
            }

            int read;
            try
            {
                // Npgsql gives one row at a time at most: a buffer full of them spares the moves.
                do
                {
                    read = await copy.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
                    _end += read;
                }
                while (read > 0 && _end < _buffer.Length / 2);
            }
            catch (Exception e) when (PostgresErrors.Is(e) && !cancellationToken.IsCancellationRequested)
            {
                throw PostgresErrors.Translate(e, address, "reading");
            }

            if (read == 0 && !TryTake())
            {
                throw new StoreException($"{address}: the answer ended in the middle of a row; is a proxy between?", isTransient: true);
            }
            else if (read == 0)
            {
                return !_isComplete;
            }
        }
        while (!TryTake());
        return !_isComplete;
    }

    // Takes the next row, or the end, out of the buffer when it is there whole.
    private bool TryTake()
    {
        if (_isComplete)
        {
            return true;
        }

        ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
        int at = 0;
        if (!_isBegun)
        {
            if (rest.Length < HeaderLength)
            {
                return false;
            }

            at = HeaderLength + BinaryPrimitives.ReadInt32BigEndian(rest[(HeaderLength - 4)..]);
        }

        if (rest.Length < at + 2)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadInt16BigEndian(rest[at..]);
        at += 2;
        if (count < 0)
        {
            _isComplete = true;
            return true;
        }

        if (_fields.Length != count)
        {
            _fields = new (int, int)[count];
        }

        for (int i = 0; i < count; i++)
        {
            if (rest.Length < at + 4)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(rest[at..]);
            at += 4;
            _fields[i] = (_start + at, length);
            at += Math.Max(0, length);
            if (rest.Length < at)
            {
                return false;
            }
        }

        _isBegun = true;
        _start += at;
        return true;
    }

    private StoreException Unexpected() => new($"{address}: a column does not hold what this program stores there; was the table changed?", isTransient: false);
}
