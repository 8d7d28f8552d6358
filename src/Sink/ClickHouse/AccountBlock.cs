using System.Buffers;
using ECapture.Sink.Delivery;

namespace ECapture.Sink.ClickHouse;

/// <summary>A batch's rows of <c>sink_account</c> in Native format.</summary>
internal sealed class AccountBlock(Batch batch, TimeProvider clock) : Block
{
    public const string Columns = "log, topic, log_partition, from_offset, to_offset, hour, records, events, duplicates, dead_letters, gap, at";

    public override string Name => "account";

    public override int Rows => batch.Account.Count;

    /// <summary>Whose batch it is.</summary>
    public PartitionId Partition => batch.Partition;

    /// <summary>Its first offset.</summary>
    public long From => batch.From;

    public ReadOnlySequence<byte> ToSequence()
    {
        const int ColumnCount = 12;
        ulong at = (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds();
        return new NativeRows<HourAccount>([.. batch.Account.Hours], ColumnCount)
            .Text("log", _ => batch.Partition.Log)
            .Text("topic", _ => batch.Partition.Topic)
            .Number("log_partition", "UInt16", 2, _ => (ulong)batch.Partition.Partition)
            .Number("from_offset", "UInt64", 8, _ => (ulong)batch.From)
            .Number("to_offset", "UInt64", 8, _ => (ulong)batch.To)
            .Number("hour", "UInt32", 4, hour => hour.Hour)
            .Number("records", "UInt64", 8, hour => (ulong)hour.Records)
            .Number("events", "UInt64", 8, hour => (ulong)hour.Events)
            .Number("duplicates", "UInt64", 8, hour => (ulong)hour.Duplicates)
            .Number("dead_letters", "UInt64", 8, hour => (ulong)hour.DeadLetters)
            .Number("gap", "UInt64", 8, hour => (ulong)hour.Gap)
            .Number("at", "DateTime64(3, 'UTC')", 8, _ => at)
            .ToSequence();
    }
}
