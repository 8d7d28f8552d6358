namespace ECapture.Storage.Partitions;

/// <summary>A partition that is to leave its table for good.</summary>
/// <param name="Table">The table.</param>
/// <param name="Span">The partition.</param>
/// <param name="Action">Names this act in <c>expired</c>; an archive that undoes it names it, too.</param>
/// <param name="Reason">The rule: "age", "bytes", "space".</param>
/// <param name="Archive">Name of the archive that holds it; empty: none.</param>
/// <param name="Expected">What was exported: when the partition holds something else by now, nothing is dropped. Null: whatever it holds.</param>
public sealed record DropOrder(string Table, PartitionSpan Span, Guid Action, string Reason, string Archive, IReadOnlyCollection<StreamShare>? Expected);
