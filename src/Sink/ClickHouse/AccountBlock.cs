using System.Buffers;
using System.Text;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

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
        HourAccount[] hours = [.. batch.Account.Hours];
        ulong at = (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds();
        ByteBuffer block = new();
        block.WriteVarint(ColumnCount);
        block.WriteVarint((uint)hours.Length);
        Texts(block, "log", batch.Partition.Log, hours.Length);
        Texts(block, "topic", batch.Partition.Topic, hours.Length);
        Numbers(block, "log_partition", "UInt16", 2, hours, _ => (ulong)batch.Partition.Partition);
        Numbers(block, "from_offset", "UInt64", 8, hours, _ => (ulong)batch.From);
        Numbers(block, "to_offset", "UInt64", 8, hours, _ => (ulong)batch.To);
        Numbers(block, "hour", "UInt32", 4, hours, hour => hour.Hour);
        Numbers(block, "records", "UInt64", 8, hours, hour => (ulong)hour.Records);
        Numbers(block, "events", "UInt64", 8, hours, hour => (ulong)hour.Events);
        Numbers(block, "duplicates", "UInt64", 8, hours, hour => (ulong)hour.Duplicates);
        Numbers(block, "dead_letters", "UInt64", 8, hours, hour => (ulong)hour.DeadLetters);
        Numbers(block, "gap", "UInt64", 8, hours, hour => (ulong)hour.Gap);
        Numbers(block, "at", "DateTime64(3, 'UTC')", 8, hours, _ => at);
        return new ReadOnlySequence<byte>(block.ToArray());
    }

    private static void Texts(ByteBuffer block, string name, string value, int rows)
    {
        Header(block, name, "String");
        for (int i = 0; i < rows; i++)
        {
            Text(block, value);
        }
    }

    private static void Numbers(ByteBuffer block, string name, string type, int width, HourAccount[] hours, Func<HourAccount, ulong> value)
    {
        Header(block, name, type);
        foreach (HourAccount hour in hours)
        {
            block.WriteLittleEndian(value(hour), width);
        }
    }

    private static void Header(ByteBuffer block, string name, string type)
    {
        Text(block, name);
        Text(block, type);
    }

    private static void Text(ByteBuffer block, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        block.WriteVarint((uint)bytes.Length);
        block.Write(bytes);
    }
}
