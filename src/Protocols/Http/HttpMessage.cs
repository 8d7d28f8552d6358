namespace ECapture.Protocols.Http;

/// <summary>What requests and responses have in common. Times are the nanoseconds that were fed with the bytes.</summary>
public abstract class HttpMessage
{
    private protected HttpMessage()
    {
    }

    /// <summary>The version the message says it is of.</summary>
    public HttpProtocol Protocol { get; internal set; }

    /// <summary>The header fields, without HTTP/2's pseudo-header fields.</summary>
    public HttpHeaders Headers { get; internal set; } = HttpHeaders.Empty;

    /// <summary>The trailer fields (RFC 9110 section 6.5).</summary>
    public HttpHeaders Trailers { get; internal set; } = HttpHeaders.Empty;

    /// <summary>The body.</summary>
    public HttpBody Body { get; internal set; } = HttpBody.Empty;

    /// <summary>When the first byte was captured.</summary>
    public long StartedNs { get; internal set; }

    /// <summary>When the last byte was captured that belongs to the message.</summary>
    public long EndedNs { get; internal set; }

    /// <summary>Where the message starts in the direction's stream (of an HTTP/2 message: its first frame).</summary>
    public long StreamOffset { get; internal set; }

    /// <summary>Bytes of the message on the wire with start line, header section, chunk or frame headers, padding and trailers.</summary>
    public long WireBytes { get; internal set; }

    /// <summary>What is wrong with the message.</summary>
    public HttpProblems Problems { get; internal set; }

    /// <summary>Whether the end of the message was seen.</summary>
    public bool IsEnded { get; internal set; }

    /// <summary>Whether the message has ended or was given up.</summary>
    internal bool IsDone { get; set; }

    /// <summary>Whether it was handed over: it must not change any more.</summary>
    internal bool IsDelivered { get; set; }

    /// <summary>Bytes of the connection's budget that the message holds.</summary>
    internal int Charged { get; set; }
}
