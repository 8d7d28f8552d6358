using ECapture.Sink.Delivery;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>The rows of one partition of an event table: of a day (UTC) or an hour, as the table has them.</summary>
internal sealed class PartitionBlock(EventTable table, BufferPool pool) : Block
{
    public NativeBlock Native { get; } = new(table, pool);

    public StreamTally Tally { get; } = new();

    public override int Rows => Native.Rows;

    public override string Name => $"{Native.Table.Name}/{Partition}";

    /// <summary>Makes its parts; set by the batch that it belongs to.</summary>
    public Func<PartitionBlock, IBlockParts>? Parts { get; init; }

    public override bool CanSplit => Parts is not null;

    public override IBlockParts Split() => Parts?.Invoke(this) ?? base.Split();

    /// <summary>Which day or hour.</summary>
    public PartitionSpan Span { get; set; }

    /// <summary>The partition as ClickHouse names it.</summary>
    public string Partition => Span.Name;
}
