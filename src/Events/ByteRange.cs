namespace ECapture.Events;

/// <summary>A part of an event's encoding.</summary>
/// <param name="Start">Index of its first byte in the event.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct ByteRange(int Start, int Length)
{
    /// <summary>The part itself.</summary>
    /// <param name="encoded">The event that the range was read from.</param>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> encoded) => encoded.Slice(Start, Length);
}
