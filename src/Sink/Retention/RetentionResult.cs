namespace ECapture.Sink.Retention;

/// <summary>What a run of retention did.</summary>
/// <param name="Dropped">What was dropped, or would be.</param>
/// <param name="Failed">What could not be dropped, and why.</param>
/// <param name="Notes">What should be known, a sentence each.</param>
/// <param name="IsDryRun">True: nothing was done.</param>
public sealed record RetentionResult(IReadOnlyList<PartitionReport> Dropped, IReadOnlyList<string> Failed, IReadOnlyList<string> Notes, bool IsDryRun);
