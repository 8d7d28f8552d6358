using System.Text;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>
/// Reads ClickHouse's Native format (https://clickhouse.com/docs/interfaces/formats/Native): blocks of columns. When the last column is of
/// texts its values are never collected: they are read row by row from the buffer of the stream.
/// </summary>
internal sealed class NativeRowReader(Stream stream) : IRowReader
{
    private const int MaximumRows = 1 << 24;

    private readonly NativeInput _input = new(stream);
    private readonly List<NativeColumn> _columns = [];
    private int _rows;
    private int _row = -1;
    private int _textStart;
    private int _textLength;

    public ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_row + 1 < _rows)
        {
            if (!_columns[^1].IsStreamed || _input.TryReadText(out _textStart, out _textLength))
            {
                _row++;
                return ValueTask.FromResult(true);
            }
        }

        return ReadSlowlyAsync(cancellationToken);
    }

    public bool IsNull(int column) => _columns[column].IsNull(_row);

    public ulong Number(int column) => _columns[column].Number(_row);

    public Guid Uuid(int column) => _columns[column].Uuid(_row);

    public long Time(int column) => (long)_columns[column].Number(_row);

    public ReadOnlySpan<byte> Bytes(int column) =>
        _columns[column].IsStreamed ? _input.Span(_textStart, _textLength) : _columns[column].Bytes(_row);

    public ValueTask DisposeAsync() => _input.DisposeAsync();

    private async ValueTask<bool> ReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (_row + 1 >= _rows)
        {
            if (await _input.IsAtEndAsync(cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            await ReadBlockAsync(cancellationToken).ConfigureAwait(false);
        }

        while (_columns[^1].IsStreamed && !_input.TryReadText(out _textStart, out _textLength))
        {
            await _input.FillAsync(cancellationToken).ConfigureAwait(false);
        }

        _row++;
        return true;
    }

    private async ValueTask ReadBlockAsync(CancellationToken cancellationToken)
    {
        ulong columns = await _input.ReadVariableAsync(cancellationToken).ConfigureAwait(false);
        ulong rows = await _input.ReadVariableAsync(cancellationToken).ConfigureAwait(false);
        if (rows > MaximumRows || columns > 256)
        {
            throw new StoreException($"ClickHouse answered with a block of {columns} columns and {rows} rows; the answer is broken", isTransient: false);
        }

        for (int i = 0; i < (int)columns; i++)
        {
            if (_columns.Count == i)
            {
                _columns.Add(new NativeColumn());
            }

            await ReadTextAsync(cancellationToken).ConfigureAwait(false); // name
            string type = await ReadTextAsync(cancellationToken).ConfigureAwait(false);
            if (rows > 0)
            {
                await _columns[i].LoadAsync(_input, type, (int)rows, i == (int)columns - 1, cancellationToken).ConfigureAwait(false);
            }
        }

        _rows = (int)rows;
        _row = -1;
    }

    private async ValueTask<string> ReadTextAsync(CancellationToken cancellationToken)
    {
        int start, length;
        while (!_input.TryReadText(out start, out length))
        {
            await _input.FillAsync(cancellationToken).ConfigureAwait(false);
        }

        return Encoding.UTF8.GetString(_input.Span(start, length));
    }
}
