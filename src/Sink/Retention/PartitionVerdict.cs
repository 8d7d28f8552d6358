namespace ECapture.Sink.Retention;

/// <summary>A partition and what is to become of it.</summary>
/// <param name="Facts">The partition.</param>
/// <param name="Verdict">What.</param>
/// <param name="Rule">Which rule wants it to go: "age", "bytes", "space"; empty: none.</param>
/// <param name="Because">In words.</param>
public sealed record PartitionVerdict(PartitionFacts Facts, Verdict Verdict, string Rule, string Because);
