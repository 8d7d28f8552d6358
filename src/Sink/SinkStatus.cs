using ECapture.Log;

namespace ECapture.Sink;

/// <summary>How a sink is doing, for health endpoints.</summary>
/// <param name="At">When this was seen; older than a minute: the sink hangs.</param>
/// <param name="Partitions">The partitions it owns and knows the progress of.</param>
/// <param name="Loading">How many more it owns, whose progress the store has not told yet.</param>
/// <param name="Retrying">The failure that is being tried again, or null.</param>
/// <param name="Buffered">Bytes of the batches that fill or are being written.</param>
public sealed record SinkStatus(DateTimeOffset At, IReadOnlyList<PartitionStatus> Partitions, int Loading, string? Retrying, long Buffered = 0)
{
    /// <summary>True when the sink owns partitions and everything in them is stored; while something fails nobody knows.</summary>
    public bool IsDrained => Loading == 0 && Retrying is null && Partitions.Count > 0 && Partitions.All(partition => partition.Lag == 0);
}

/// <summary>How a partition is doing.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Stored">Everything below this offset is stored.</param>
/// <param name="End">The next offset to be appended to the log, as far as known.</param>
public sealed record PartitionStatus(TopicPartition Partition, long Stored, long End)
{
    /// <summary>Offsets that are not stored yet.</summary>
    public long Lag => Math.Max(0, End - Stored);
}
