namespace ECapture.Protocols.Http.Streams;

/// <summary>What reads a direction at the moment.</summary>
internal abstract class StreamHandler
{
    /// <summary>Takes bytes. Takes at least one, unless it has put another handler in its place.</summary>
    /// <returns>The number taken.</returns>
    public abstract int Feed(ReadOnlySpan<byte> bytes, long offset, long ns);

    /// <summary>Bytes are missing here.</summary>
    public abstract void Gap(long length, long ns);

    /// <summary>Nothing follows.</summary>
    public abstract void End(long ns);
}
