namespace ECapture.Storage.Tables;

/// <summary>A row taken out of a block again.</summary>
/// <param name="LogOffset">Where the sink read it.</param>
/// <param name="Encoded">The event as it is stored.</param>
public sealed record BlockRow(long LogOffset, byte[] Encoded)
{
    /// <summary>Puts the event together.</summary>
    /// <param name="logOffset">Where the sink read it.</param>
    /// <param name="rest">The event without its main bytes.</param>
    /// <param name="main">The main bytes.</param>
    /// <param name="at">Where they belong.</param>
    internal static BlockRow Join(long logOffset, ReadOnlySpan<byte> rest, ReadOnlySpan<byte> main, int at) =>
        new(logOffset, [.. rest[..at], .. main, .. rest[at..]]);
}
