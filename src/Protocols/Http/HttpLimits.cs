namespace ECapture.Protocols.Http;

/// <summary>
/// Bounds of what one <see cref="HttpConnection"/> keeps. Beyond a bound bytes are still framed and counted, but no longer kept,
/// and the message says so in <see cref="HttpMessage.Problems"/>.
/// </summary>
public sealed record HttpLimits
{
    /// <summary>The defaults.</summary>
    public static HttpLimits Default { get; } = new();

    /// <summary>Bytes kept of one start line, header line or chunk-size line (RFC 9112 sections 3 and 5): 256 to 1,048,576.</summary>
    public int MaxLineBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of names and values kept of one header section, and of one compressed header block: 1,024 to 16 MiB.</summary>
    public int MaxHeaderBytes { get; init; } = 128 * 1024;

    /// <summary>Fields kept of one header section: 16 to 65,536.</summary>
    public int MaxHeaders { get; init; } = 512;

    /// <summary>Bytes kept of one body as it was transferred: 0 to 1 GiB.</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes made of one body by content decoding, whatever its compression ratio: 0 to 1 GiB.</summary>
    public int MaxDecodedBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of heads and bodies that all unfinished messages of the connection keep together: 64 KiB to 2 GiB - 1.</summary>
    public int MaxBufferedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Unfinished exchanges: pipelined requests (RFC 9112 section 9.3.2) or HTTP/2 streams; 1 to 65,536.</summary>
    public int MaxPendingExchanges { get; init; } = 256;

    /// <summary>Bytes of one HPACK dynamic table (RFC 7541 section 4.1); entries above it are reported as unknown: 4,096 to 16 MiB.</summary>
    public int MaxHeaderTableBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes that are searched for the start of a message on a connection that showed none yet, before it counts as not HTTP.</summary>
    public long MaxSearchBytes { get; init; } = 1024 * 1024;

    /// <summary>Whether content codings are undone.</summary>
    public bool DecodeBodies { get; init; } = true;

    /// <summary>Checks every bound.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is outside its range; the message names it.</exception>
    public void Validate()
    {
        Check(nameof(MaxLineBytes), MaxLineBytes, 256, 1024 * 1024);
        Check(nameof(MaxHeaderBytes), MaxHeaderBytes, 1024, 16 * 1024 * 1024);
        Check(nameof(MaxHeaders), MaxHeaders, 16, 65536);
        Check(nameof(MaxBodyBytes), MaxBodyBytes, 0, 1024 * 1024 * 1024);
        Check(nameof(MaxDecodedBytes), MaxDecodedBytes, 0, 1024 * 1024 * 1024);
        Check(nameof(MaxBufferedBytes), MaxBufferedBytes, 64 * 1024, int.MaxValue);
        Check(nameof(MaxPendingExchanges), MaxPendingExchanges, 1, 65536);
        Check(nameof(MaxHeaderTableBytes), MaxHeaderTableBytes, 4096, 16 * 1024 * 1024);
        Check(nameof(MaxSearchBytes), MaxSearchBytes, 0, long.MaxValue);
    }

    private static void Check(string name, long value, long low, long high)
    {
        if (value < low || value > high)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be from {low} to {high}");
        }
    }
}
