using System.Buffers;
using System.Text;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>Rows of <c>dead_letter</c> in Native format. Dead letters are few: this one allocates.</summary>
/// <param name="clock">Time.</param>
/// <param name="isRefusal">True: a row that the store refused; they are counted apart, because they are written apart.</param>
internal sealed class DeadLetterBlock(TimeProvider clock, bool isRefusal = false) : Block
{
    public const string Columns = "log, topic, log_partition, log_offset, at, kind, ts, error, event";

    private static readonly (string Name, string Type)[] Layout =
    [
        ("topic", "String"), ("log_partition", "UInt16"), ("log_offset", "UInt64"), ("at", "DateTime64(3, 'UTC')"), ("kind", "String"), ("ts", "DateTime64(9, 'UTC')"),
        ("error", "String"), ("event", "String"),
    ];

    private readonly ByteBuffer[] _columns = [.. Layout.Select(_ => new ByteBuffer())];
    private int _rows;

    public override string Name => "dead_letter";

    /// <summary>The log of all of them.</summary>
    public string Log { get; set; } = "";

    public override int Rows => _rows;

    public bool IsRefusal => isRefusal;

    /// <summary>Topic and partition of all of them, first and last offset.</summary>
    public (string Topic, int Partition, long First, long Last) Range { get; private set; }

    public void Add(DeadLetter letter, ReadOnlySpan<byte> bytes)
    {
        Range = (letter.Topic, letter.Partition, _rows == 0 ? letter.Offset : Range.First, letter.Offset);
        _rows++;
        WriteString(_columns[0], Encoding.UTF8.GetBytes(letter.Topic));
        _columns[1].WriteLittleEndian((ulong)letter.Partition, 2);
        _columns[2].WriteLittleEndian((ulong)letter.Offset, 8);
        _columns[3].WriteLittleEndian((ulong)clock.GetUtcNow().ToUnixTimeMilliseconds(), 8);
        WriteString(_columns[4], Encoding.UTF8.GetBytes(letter.Kind));
        _columns[5].WriteLittleEndian(letter.WallNs, 8);
        WriteString(_columns[6], Encoding.UTF8.GetBytes(letter.Error));
        WriteString(_columns[7], bytes);
    }

    public ReadOnlySequence<byte> ToSequence()
    {
        ByteBuffer block = new();
        block.WriteVarint((uint)Layout.Length + 1);
        block.WriteVarint((uint)_rows);
        WriteString(block, "log"u8);
        WriteString(block, "String"u8);
        byte[] log = Encoding.UTF8.GetBytes(Log);
        for (int i = 0; i < _rows; i++)
        {
            WriteString(block, log);
        }

        for (int i = 0; i < Layout.Length; i++)
        {
            WriteString(block, Encoding.UTF8.GetBytes(Layout[i].Name));
            WriteString(block, Encoding.UTF8.GetBytes(Layout[i].Type));
            block.Write(_columns[i].ToArray());
        }

        return new ReadOnlySequence<byte>(block.ToArray());
    }

    public void Clear()
    {
        _rows = 0;
        foreach (ByteBuffer column in _columns)
        {
            column.Clear();
        }
    }

    private static void WriteString(ByteBuffer buffer, ReadOnlySpan<byte> value)
    {
        buffer.WriteVarint((uint)value.Length);
        buffer.Write(value);
    }
}
