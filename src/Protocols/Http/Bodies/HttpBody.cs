namespace ECapture.Protocols.Http;

/// <summary>A body: the bytes of the transfer, without chunk or frame headers, and what its codings hold. Both are the first bytes when cut.</summary>
public sealed class HttpBody
{
    /// <summary>No body.</summary>
    public static HttpBody Empty { get; } = new();

    /// <summary>The bytes as they were transferred, up to a gap or a limit.</summary>
    public ReadOnlyMemory<byte> Raw { get; internal init; }

    /// <summary>Bytes that were transferred, kept or not, those in gaps included where framing tells their number.</summary>
    public long RawLength { get; internal init; }

    /// <summary>The decoded bytes; <see cref="Raw"/> when nothing was decoded.</summary>
    public ReadOnlyMemory<byte> Content { get; internal init; }

    /// <summary>What became of the codings.</summary>
    public HttpBodyState State { get; internal init; }

    /// <summary>Whether <see cref="Raw"/> or <see cref="Content"/> lacks its end.</summary>
    public bool IsCut { get; internal init; }
}
