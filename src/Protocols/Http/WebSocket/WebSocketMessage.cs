namespace ECapture.Protocols.Http.WebSocket;

/// <summary>A whole message, all its fragments joined, or a control frame (RFC 6455 section 5).</summary>
public sealed class WebSocketMessage
{
    /// <summary><see cref="HttpExchange.StreamId"/> of the exchange that opened the WebSocket.</summary>
    public long StreamId { get; internal init; }

    /// <summary>Which way it went, as seen by the process.</summary>
    public HttpDirection Direction { get; internal init; }

    /// <summary>Whether the client sent it.</summary>
    public bool FromClient { get; internal init; }

    /// <summary>What it is.</summary>
    public WebSocketOpcode Opcode { get; internal init; }

    /// <summary>The payload, unmasked and inflated; its first bytes when cut.</summary>
    public ReadOnlyMemory<byte> Payload { get; internal init; }

    /// <summary>Payload bytes on the wire, compressed as they were.</summary>
    public long PayloadLength { get; internal init; }

    /// <summary>Bytes on the wire with frame headers.</summary>
    public long WireBytes { get; internal init; }

    /// <summary>The number of frames.</summary>
    public int Frames { get; internal init; }

    /// <summary>Whether it was sent compressed (RFC 7692).</summary>
    public bool IsCompressed { get; internal init; }

    /// <summary>When its first byte was captured.</summary>
    public long StartedNs { get; internal init; }

    /// <summary>When its last byte was captured.</summary>
    public long EndedNs { get; internal init; }

    /// <summary>What is wrong with it.</summary>
    public HttpProblems Problems { get; internal init; }

    /// <summary>Whether every byte of it was captured.</summary>
    public bool IsComplete => (Problems & HttpProblems.Incomplete) == 0;
}
