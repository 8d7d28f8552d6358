namespace ECapture.Storage.Partitions;

/// <summary>A partition of an event table, as the store says.</summary>
/// <param name="Table">The table, which is a topic's.</param>
/// <param name="Span">The time it covers.</param>
/// <param name="Rows">Rows; PostgreSQL estimates.</param>
/// <param name="Bytes">Bytes on the disk with indexes.</param>
public sealed record StoredPartition(string Table, PartitionSpan Span, long Rows, long Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Table}/{Span.Name}";
}
