using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ECapture.Storage.Tables;

/// <summary>A block of a table in ClickHouse's Native format, built row by row, written without another copy.</summary>
public sealed class NativeBlock
{
    private readonly NativeColumn[] _columns;
    private readonly byte[][] _headers;
    private readonly ByteBuffer _start = new();
    private readonly ByteSequence _sequence = new();

    /// <summary>Creates an empty block of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="pool">Memory of its columns.</param>
    public NativeBlock(EventTable table, BufferPool pool)
    {
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        _columns = [.. table.Columns.Select(_ => new NativeColumn(pool))];
        _headers = [.. table.Columns.Select(column => Header(column.Name, column.NativeType))];
    }

    /// <summary>The table.</summary>
    public EventTable Table { get; }

    /// <summary>Rows appended.</summary>
    public int Rows { get; private set; }

    /// <summary>Appends an event.</summary>
    public void Append(in EventRow row)
    {
        IReadOnlyList<Column> columns = Table.Columns;
        for (int i = 0; i < _columns.Length; i++)
        {
            columns[i].AppendNative(row, _columns[i]);
        }

        Rows++;
    }

    /// <summary>The block's bytes; valid until the next <see cref="Append"/> or <see cref="Clear"/>.</summary>
    public ReadOnlySequence<byte> ToSequence()
    {
        _start.Clear();
        _start.WriteVarint((uint)_columns.Length);
        _start.WriteVarint((uint)Rows);
        _sequence.Clear();
        _sequence.Add(_start);
        for (int i = 0; i < _columns.Length; i++)
        {
            _sequence.Add(_headers[i]);
            _sequence.Add(_columns[i].Nulls);
            _sequence.Add(_columns[i].Values);
        }

        return _sequence.Build();
    }

    /// <summary>Takes the rows out again, as copies: for the rare block that a store refuses.</summary>
    public IReadOnlyList<BlockRow> ReadRows()
    {
        ReadOnlySpan<byte> offsets = Values("log_offset");
        ReadOnlySpan<byte> places = Values("data_at");
        ReadOnlySpan<byte> rests = Values("event");
        ReadOnlySpan<byte> mains = Values("data");
        List<BlockRow> rows = new(Rows);
        for (int row = 0; row < Rows; row++)
        {
            rows.Add(BlockRow.Join(
                BinaryPrimitives.ReadInt64LittleEndian(offsets[(row * sizeof(long))..]),
                TakeString(ref rests),
                TakeString(ref mains),
                BinaryPrimitives.ReadInt32LittleEndian(places[(row * sizeof(int))..])));
        }

        return rows;
    }

    /// <summary>Forgets the rows and gives their memory back.</summary>
    public void Clear()
    {
        Rows = 0;
        foreach (NativeColumn column in _columns)
        {
            column.Nulls.Clear();
            column.Values.Clear();
        }
    }

    private byte[] Values(string column)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            if (Table.Columns[i].Name == column)
            {
                return _columns[i].Values.ToArray();
            }
        }

        throw new InvalidOperationException($"{Table.Name} has no column {column}");
    }

    private static ReadOnlySpan<byte> TakeString(ref ReadOnlySpan<byte> rest)
    {
        int length = 0;
        int at = 0;
        for (int shift = 0; ; shift += 7)
        {
            length |= (rest[at] & 0x7F) << shift;
            if (rest[at++] < 0x80)
            {
                break;
            }
        }

        ReadOnlySpan<byte> text = rest.Slice(at, length);
        rest = rest[(at + length)..];
        return text;
    }

    private static byte[] Header(string name, string type)
    {
        ByteBuffer header = new();
        foreach (string text in (string[])[name, type])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            header.WriteVarint((uint)bytes.Length);
            header.Write(bytes);
        }

        return header.ToArray();
    }
}
