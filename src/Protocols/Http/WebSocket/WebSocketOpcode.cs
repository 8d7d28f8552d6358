namespace ECapture.Protocols.Http.WebSocket;

/// <summary>What a WebSocket message is (RFC 6455 section 11.8).</summary>
public enum WebSocketOpcode
{
    /// <summary>A fragment whose beginning was not captured.</summary>
    Continuation = 0,

    /// <summary>Text, said to be UTF-8; not checked.</summary>
    Text = 1,

    /// <summary>Bytes.</summary>
    Binary = 2,

    /// <summary>The connection is to close; the payload starts with a code of two bytes, big-endian, when it has any.</summary>
    Close = 8,

    /// <summary>A question for <see cref="Pong"/>.</summary>
    Ping = 9,

    /// <summary>The answer to <see cref="Ping"/>.</summary>
    Pong = 10,
}
