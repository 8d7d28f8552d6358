namespace ECapture.Sink.Retention;

/// <summary>A partition in a <see cref="RetentionReport"/>.</summary>
/// <param name="Table">The table.</param>
/// <param name="Partition">Its name.</param>
/// <param name="From">Begin of its time.</param>
/// <param name="To">End of its time.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="Verdict">What is to become of it.</param>
/// <param name="Because">Why.</param>
/// <param name="HeldBy">Legal holds that it has rows of.</param>
public sealed record PartitionReport(
    string Table, string Partition, DateTimeOffset From, DateTimeOffset To, long Rows, long Bytes, Verdict Verdict, string Because, IReadOnlyList<string> HeldBy);
