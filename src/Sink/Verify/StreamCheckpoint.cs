namespace ECapture.Sink.Verify;

/// <summary>What a checkpoint says of one stream.</summary>
/// <param name="Last">Last sequence.</param>
/// <param name="Count">Events up to it.</param>
/// <param name="Sha256">Running SHA-256: over the digest before and the event's bytes, first over 32 zero bytes.</param>
internal readonly record struct StreamCheckpoint(ulong Last, ulong Count, byte[] Sha256);
