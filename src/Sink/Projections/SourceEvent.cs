using ECapture.Sink.Delivery;

namespace ECapture.Sink.Projections;

/// <summary>An event of a <see cref="SourceBatch"/>: what is asked of it before it is read again, and where its bytes are.</summary>
internal readonly record struct SourceEvent(
    StreamKey Stream, ulong Sequence, long LogOffset, ulong Connection, ulong BootNs, ulong WallNs, int Chunk, int Start, int Length);
