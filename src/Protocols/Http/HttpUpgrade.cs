namespace ECapture.Protocols.Http;

/// <summary>What an exchange made of its connection or stream.</summary>
public enum HttpUpgrade
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>WebSocket (RFC 6455 section 4, RFC 8441 section 5).</summary>
    WebSocket = 1,

    /// <summary>HTTP/2 over cleartext (RFC 7540 section 3.2).</summary>
    Http2 = 2,

    /// <summary>Another protocol, or a CONNECT tunnel.</summary>
    Tunnel = 3,
}
