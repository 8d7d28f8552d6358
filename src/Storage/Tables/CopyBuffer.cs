using System.Buffers.Binary;

namespace ECapture.Storage.Tables;

/// <summary>Rows of a table in PostgreSQL's binary COPY format.</summary>
public sealed class CopyBuffer
{
    private readonly ByteBuffer _bytes = new();
    private bool _isComplete;

    /// <summary>Creates an empty buffer of a table.</summary>
    public CopyBuffer(EventTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Table = table;
        Clear(0);
    }

    /// <summary>The table.</summary>
    public EventTable Table { get; }

    /// <summary>Rows appended.</summary>
    public int Rows { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long Capacity => _bytes.Capacity;

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
    public ReadOnlyMemory<byte> Complete()
    {
        if (!_isComplete)
        {
            _isComplete = true;
            BinaryPrimitives.WriteInt16BigEndian(_bytes.Take(2), -1);
        }

        return _bytes.Written;
    }

    /// <summary>Forgets the rows; a buffer that grew beyond <paramref name="keep"/> bytes is given back.</summary>
    public void Clear(int keep)
    {
        Rows = 0;
        _isComplete = false;
        _bytes.Clear(keep);
        _bytes.Write([.. "PGCOPY\n"u8, 0xFF, (byte)'\r', (byte)'\n', 0]);
        _bytes.Take(8).Clear(); // flags, length of the extension
    }
}
