namespace ECapture.Sink.Rebuild;

/// <summary>An event on its way into a table that is made anew.</summary>
/// <param name="LogPartition">Where the sink read it: the partition of the log,</param>
/// <param name="LogOffset">and the offset.</param>
/// <param name="Encoded">The event as it is stored.</param>
internal readonly record struct RebuildRow(int LogPartition, long LogOffset, byte[] Encoded);
