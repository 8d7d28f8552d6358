namespace ECapture.Storage.Partitions;

/// <summary>A row of an event table as it is exported.</summary>
/// <param name="LogPartition">Partition of the log it came from.</param>
/// <param name="LogOffset">Offset there.</param>
/// <param name="Event">The event as it was appended, byte for byte.</param>
public readonly record struct ExportedRow(int LogPartition, long LogOffset, byte[] Event);
