using System.Buffers;
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
