namespace ECapture.Sink.Archive;

/// <summary>What an archive holds of a partition of the log.</summary>
/// <param name="LogPartition">The partition.</param>
/// <param name="Rows">Events.</param>
/// <param name="FirstOffset">Lowest offset.</param>
/// <param name="LastOffset">Highest offset.</param>
public sealed record LogPartitionShare(int LogPartition, long Rows, long FirstOffset, long LastOffset);
