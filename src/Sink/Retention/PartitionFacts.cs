using ECapture.Storage.Partitions;

namespace ECapture.Sink.Retention;

/// <summary>A partition, and who holds it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="HeldBy">Names of legal holds that it has rows of.</param>
public sealed record PartitionFacts(StoredPartition Partition, IReadOnlyList<string> HeldBy);
