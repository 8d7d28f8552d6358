using System.Buffers;
using ECapture.Sink.Delivery;

namespace ECapture.Sink.ClickHouse;

/// <summary>Rows of <c>dead_letter</c> in Native format. Dead letters are few: this one allocates.</summary>
/// <param name="log">The log of all of them.</param>
/// <param name="letters">They: of one partition, offsets rising; at least one.</param>
/// <param name="clock">Time.</param>
/// <param name="isRefusal">True: a row that the store refused; they are counted apart, because they are written apart.</param>
internal sealed class DeadLetterBlock(string log, IReadOnlyList<DeadRecord> letters, TimeProvider clock, bool isRefusal = false) : Block
{
    public const string Columns = "log, topic, log_partition, log_offset, at, kind, ts, error, event";

    public override string Name => "dead_letter";

    public override int Rows => letters.Count;

    public string Log => log;

    public IReadOnlyList<DeadRecord> Letters => letters;

    public bool IsRefusal => isRefusal;

    /// <summary>Topic and partition of all of them, first and last offset.</summary>
    public (string Topic, int Partition, long First, long Last) Range =>
        (letters[0].Letter.Topic, letters[0].Letter.Partition, letters[0].Letter.Offset, letters[^1].Letter.Offset);

    public ReadOnlySequence<byte> ToSequence()
    {
        const int ColumnCount = 9;
        ulong at = (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds();
        return new NativeRows<DeadRecord>(letters, ColumnCount)
            .Text("log", _ => log)
            .Text("topic", record => record.Letter.Topic)
            .Number("log_partition", "UInt16", 2, record => (ulong)record.Letter.Partition)
            .Number("log_offset", "UInt64", 8, record => (ulong)record.Letter.Offset)
            .Number("at", "DateTime64(3, 'UTC')", 8, _ => at)
            .Text("kind", record => record.Letter.Kind)
            .Number("ts", "DateTime64(9, 'UTC')", 8, record => record.Letter.WallNs)
            .Text("error", record => record.Letter.Error)
            .Bytes("event", record => record.Bytes)
            .ToSequence();
    }
}
