namespace ECapture.Sink.Retention;

/// <summary>What a store keeps, and what is to become of it.</summary>
/// <param name="Partitions">Every partition.</param>
/// <param name="Free">Bytes free on the store's volume; null: unknown.</param>
/// <param name="Total">Bytes of the volume; null: unknown.</param>
/// <param name="Volume">Which volume, and how that is known.</param>
/// <param name="MinimumFree">What must stay free; null: no rule.</param>
/// <param name="Notes">What should be known, a sentence each.</param>
public sealed record RetentionReport(
    IReadOnlyList<PartitionReport> Partitions, long? Free, long? Total, string? Volume, string? MinimumFree, IReadOnlyList<string> Notes);
