namespace ECapture.Protocols.Http.Http2;

/// <summary>One stream: both directions and what joins them.</summary>
internal sealed class Http2Stream(int id, HttpLimits limits, MemoryBudget budget)
{
    private readonly Http2Half _sent = new(limits, budget);
    private readonly Http2Half _received = new(limits, budget);

    public HttpExchange Exchange { get; } = new(id);

    /// <summary>The request that opened the connection as HTTP/1 and is answered here (RFC 7540 section 3.2).</summary>
    public HttpRequest? Upgraded { get; set; }

    /// <summary>Whether the exchange was handed over and the stream goes on as something else.</summary>
    public bool IsTunnel { get; set; }

    public Http2Half this[HttpDirection direction] => direction == HttpDirection.Sent ? _sent : _received;
}
