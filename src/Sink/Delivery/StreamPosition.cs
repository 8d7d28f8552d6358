namespace ECapture.Sink.Delivery;

/// <summary>How far a stream is stored.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Sequence">The last sequence stored.</param>
/// <param name="SeenAt">When a sink read an event of it, seconds of the epoch by the sink's clock: tells streams that ended long ago.</param>
public readonly record struct StreamPosition(StreamKey Stream, ulong Sequence, long SeenAt);
