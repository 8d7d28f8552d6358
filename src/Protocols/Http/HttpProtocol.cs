namespace ECapture.Protocols.Http;

/// <summary>What a connection, or one message of it, speaks.</summary>
public enum HttpProtocol
{
    /// <summary>Not known (yet).</summary>
    Unknown = 0,

    /// <summary>HTTP/1.0 (RFC 1945).</summary>
    Http10 = 10,

    /// <summary>HTTP/1.1 (RFC 9112).</summary>
    Http11 = 11,

    /// <summary>HTTP/2 (RFC 9113).</summary>
    Http2 = 20,

    /// <summary>WebSocket frames (RFC 6455), after an upgrade.</summary>
    WebSocket = 30,

    /// <summary>Bytes of another protocol after an upgrade or CONNECT (RFC 9110 sections 7.8 and 9.3.6); they are counted only.</summary>
    Tunnel = 40,

    /// <summary>Not HTTP; bytes are counted only.</summary>
    NotHttp = 50,
}
