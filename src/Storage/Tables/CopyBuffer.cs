using System.Buffers;
using System.Buffers.Binary;

namespace ECapture.Storage.Tables;

/// <summary>Rows of a table in PostgreSQL's binary COPY format.</summary>
public sealed class CopyBuffer
{
    private const int HeadBytes = 19; // signature, flags, length of the extension

    private readonly ByteBuffer _bytes;
    private readonly ByteSequence _sequence = new();
    private bool _isComplete;

    /// <summary>Creates an empty buffer of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="pool">Memory of its rows.</param>
    public CopyBuffer(EventTable table, BufferPool pool)
    {
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        _bytes = new ByteBuffer(pool);
        Clear();
    }

    /// <summary>The table.</summary>
    public EventTable Table { get; }

    /// <summary>Rows appended.</summary>
    public int Rows { get; private set; }

    /// <summary>Appends an event.</summary>
    public void Append(in EventRow row)
    {
        IReadOnlyList<Column> columns = Table.Columns;
        BinaryPrimitives.WriteInt16BigEndian(_bytes.Take(2), (short)columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            columns[i].AppendCopy(row, _bytes);
        }

        Rows++;
    }

    /// <summary>The COPY data with its head and its end; nothing may be appended any more. Valid until <see cref="Clear"/>.</summary>
    public ReadOnlySequence<byte> Complete()
    {
        if (!_isComplete)
        {
            _isComplete = true;
            BinaryPrimitives.WriteInt16BigEndian(_bytes.Take(2), -1);
        }

        _sequence.Clear();
        _sequence.Add(_bytes);
        return _sequence.Build();
    }

    /// <summary>Takes the rows out again, as copies: for the rare batch that a store refuses.</summary>
    public IReadOnlyList<BlockRow> ReadRows()
    {
        int offset = Index("log_offset");
        int rest = Index("event");
        int main = Index("data");
        int place = Index("data_at");
        ReadOnlySpan<byte> bytes = _bytes.ToArray().AsSpan(HeadBytes);
        List<BlockRow> rows = new(Rows);
        Span<(int Start, int Length)> fields = stackalloc (int, int)[Table.Columns.Count];
        for (int row = 0; row < Rows; row++)
        {
            int at = sizeof(short);
            for (int i = 0; i < fields.Length; i++)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
                fields[i] = (at + sizeof(int), Math.Max(0, length)); // -1: null
                at += sizeof(int) + Math.Max(0, length);
            }

            rows.Add(BlockRow.Join(
                BinaryPrimitives.ReadInt64BigEndian(bytes[fields[offset].Start..]),
                bytes.Slice(fields[rest].Start, fields[rest].Length),
                bytes.Slice(fields[main].Start, fields[main].Length),
                BinaryPrimitives.ReadInt32BigEndian(bytes[fields[place].Start..])));
            bytes = bytes[at..];
        }

        return rows;
    }

    /// <summary>Forgets the rows and gives their memory back.</summary>
    public void Clear()
    {
        Rows = 0;
        _isComplete = false;
        _bytes.Clear();
        _bytes.Write("PGCOPY\n"u8);
        _bytes.Write([0xFF, (byte)'\r', (byte)'\n', 0]);
        _bytes.Take(8).Clear(); // flags, length of the extension
    }

    private int Index(string column)
    {
        for (int i = 0; i < Table.Columns.Count; i++)
        {
            if (Table.Columns[i].Name == column)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"{Table.Name} has no column {column}");
    }
}
