using System.Buffers;
using System.Text;

namespace ECapture.Storage.Tables;

/// <summary>A block of a table in ClickHouse's Native format, built row by row, written without another copy.</summary>
public sealed class NativeBlock
{
    private readonly NativeColumn[] _columns;
    private readonly byte[][] _headers;
    private readonly ByteBuffer _start = new();

    /// <summary>Creates an empty block of a table.</summary>
    public NativeBlock(EventTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        _columns = [.. table.Columns.Select(_ => new NativeColumn())];
        _headers = [.. table.Columns.Select(column => Header(column.Name, column.NativeType))];
    }

    /// <summary>The table.</summary>
    public EventTable Table { get; }

    /// <summary>Rows appended.</summary>
    public int Rows { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Capacity => _columns.Sum(column => (long)column.Values.Capacity + column.Nulls.Capacity);

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
        _start.Clear(int.MaxValue);
        _start.WriteVarint((uint)_columns.Length);
        _start.WriteVarint((uint)Rows);
        Segment first = new(_start.Written, null);
        Segment last = first;
        for (int i = 0; i < _columns.Length; i++)
        {
            last = new Segment(_headers[i], last);
            last = new Segment(_columns[i].Nulls.Written, last);
            last = new Segment(_columns[i].Values.Written, last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Forgets the rows; columns that grew beyond <paramref name="keep"/> bytes are given back.</summary>
    public void Clear(int keep)
    {
        Rows = 0;
        foreach (NativeColumn column in _columns)
        {
            column.Nulls.Clear(keep);
            column.Values.Clear(keep);
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

        return header.Written.ToArray();
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                before.Next = this;
                RunningIndex = before.RunningIndex + before.Memory.Length;
            }
        }
    }
}
