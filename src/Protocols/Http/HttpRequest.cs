namespace ECapture.Protocols.Http;

/// <summary>A request (RFC 9110 section 9). An empty method means: not captured.</summary>
public sealed class HttpRequest : HttpMessage
{
    /// <summary>The method, as sent.</summary>
    public ReadOnlyMemory<byte> Method { get; internal set; }

    /// <summary>The request target as sent (RFC 9112 section 3.2), of HTTP/2 the :path.</summary>
    public ReadOnlyMemory<byte> Target { get; internal set; }

    /// <summary>The :scheme of HTTP/2; otherwise empty.</summary>
    public ReadOnlyMemory<byte> Scheme { get; internal set; }

    /// <summary>The :authority of HTTP/2, or the Host field.</summary>
    public ReadOnlyMemory<byte> Authority { get; internal set; }

    /// <summary>The :protocol of an extended CONNECT (RFC 8441); otherwise empty.</summary>
    public ReadOnlyMemory<byte> ConnectProtocol { get; internal set; }

    internal bool IsMethod(ReadOnlySpan<byte> method) => Method.Span.SequenceEqual(method);
}
