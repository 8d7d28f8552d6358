namespace ECapture.Storage.Partitions;

/// <summary>What became of a <see cref="DropOrder"/>.</summary>
/// <param name="IsDropped">False: the partition holds something else than was expected, and was left alone.</param>
/// <param name="Rows">Rows that it held.</param>
public readonly record struct DropResult(bool IsDropped, long Rows);
