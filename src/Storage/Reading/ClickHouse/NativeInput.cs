using System.Buffers.Binary;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>The bytes of a result on their way from the store: one buffer that grows only to hold the largest value.</summary>
internal sealed class NativeInput(Stream stream) : IAsyncDisposable
{
    private const int MaximumText = 1 << 30;

    private byte[] _buffer = new byte[256 << 10];
    private int _start;
    private int _end;

    public ReadOnlySpan<byte> Span(int start, int length) => _buffer.AsSpan(start, length);

    public int Available => _end - _start;

    /// <summary>A length and its bytes, when all of them are here. Until then nothing is consumed: <see cref="FillAsync"/> and try again.</summary>
    public bool TryReadText(out int start, out int length)
    {
        int at = _start;
        start = 0;
        if (!TryVariable(ref at, out ulong value))
        {
            length = 0;
            return false;
        }

        if (value > MaximumText)
        {
            throw new StoreException($"ClickHouse answered with a text of {value} bytes; the answer is broken", isTransient: false);
        }

        length = (int)value;
        if (_end - at < length)
        {
            Need(at - _start + length);
            return false;
        }

        start = at;
        _start = at + length;
        return true;
    }

    public async ValueTask<ulong> ReadVariableAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int at = _start;
            if (TryVariable(ref at, out ulong value))
            {
                _start = at;
                return value;
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<ulong> ReadUInt64Async(CancellationToken cancellationToken)
    {
        while (Available < sizeof(ulong))
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_start));
        _start += sizeof(ulong);
        return value;
    }

    /// <summary>True when nothing more comes.</summary>
    public async ValueTask<bool> IsAtEndAsync(CancellationToken cancellationToken) =>
        Available == 0 && await ReadAsync(cancellationToken).ConfigureAwait(false) == 0;

    public async ValueTask ReadExactlyAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        int here = Math.Min(Available, target.Length);
        _buffer.AsSpan(_start, here).CopyTo(target.Span);
        _start += here;
        if (here < target.Length)
        {
            try
            {
                await stream.ReadExactlyAsync(target[here..], cancellationToken).ConfigureAwait(false);
            }
            catch (EndOfStreamException e)
            {
                throw Cut(e);
            }
        }
    }

    /// <summary>Reads more bytes.</summary>
    /// <exception cref="StoreException">There are no more.</exception>
    public async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) == 0)
        {
            throw Cut(null);
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask<int> ReadAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, Available).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read;
    }

    private void Need(int length)
    {
        if (_buffer.Length < length)
        {
            Array.Resize(ref _buffer, Math.Max(length, (int)Math.Min(2L * _buffer.Length, MaximumText)));
        }
    }

    private bool TryVariable(ref int at, out ulong value)
    {
        value = 0;
        for (int shift = 0; at < _end && shift < 64; shift += 7)
        {
            byte b = _buffer[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static StoreException Cut(Exception? inner) =>
        new("ClickHouse ended its answer in the middle; its log says why", isTransient: true, inner);
}
