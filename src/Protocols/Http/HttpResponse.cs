namespace ECapture.Protocols.Http;

/// <summary>A response (RFC 9110 section 15). Status 0 means: not captured.</summary>
public sealed class HttpResponse : HttpMessage
{
    /// <summary>The status code, 100 to 999.</summary>
    public int Status { get; internal set; }

    /// <summary>The reason phrase of HTTP/1; otherwise empty.</summary>
    public ReadOnlyMemory<byte> Reason { get; internal set; }
}
