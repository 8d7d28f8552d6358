using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;
using Direction = ECapture.Events.V1.Direction;

namespace ECapture.Sink.Projections;

/// <summary>One connection's plaintext on its way to exchanges.</summary>
internal sealed class HttpTrack : IHttpSink
{
    // Bodies beyond these are counted, not kept; heads beyond them are cut, and the exchange says so.
    private static readonly HttpLimits s_limits = new()
    {
        MaxLineBytes = 16 << 10,
        MaxHeaderBytes = 64 << 10,
        MaxBodyBytes = 16 << 10,
        MaxDecodedBytes = 16 << 10,
        MaxBufferedBytes = 256 << 10,
        MaxSearchBytes = 64 << 10,
    };

    private readonly HttpConnection _http;
    private readonly Action<HttpTrack, HttpExchange> _onExchange;
    private readonly Action<HttpTrack, WebSocketMessage> _onMessage;

    public HttpTrack(ulong connection, bool isOlder, Action<HttpTrack, HttpExchange> onExchange, Action<HttpTrack, WebSocketMessage> onMessage)
    {
        Connection = connection;
        _onExchange = onExchange;
        _onMessage = onMessage;
        _http = new HttpConnection(this, s_limits, startsInMiddle: isOlder);
        Node = new LinkedListNode<HttpTrack>(this);
    }

    /// <summary>Connection id.</summary>
    public ulong Connection { get; }

    /// <summary>Its place among those that wait.</summary>
    public LinkedListNode<HttpTrack> Node { get; }

    /// <summary>CLOCK_BOOTTIME of the last piece.</summary>
    public ulong LastBootNs { get; private set; }

    /// <summary>Nanoseconds of the epoch of the last piece.</summary>
    public ulong LastWallNs { get; private set; }

    /// <summary>Host, process and flow, as the pieces say; its payload is empty.</summary>
    public Event Envelope { get; private set; } = new();

    /// <summary>What the captured process is.</summary>
    public HttpRole Role => _http.Role;

    /// <summary>Bytes kept for unfinished messages.</summary>
    public int BufferedBytes => _http.BufferedBytes;

    /// <summary>True when what comes cannot be understood without what was: header tables, frames.</summary>
    public bool NeedsItsPast => _http.Protocol is HttpProtocol.Http2 or HttpProtocol.WebSocket;

    /// <summary>Takes a piece.</summary>
    public void Feed(in EventFields fields, ReadOnlySpan<byte> encoded)
    {
        if (LastWallNs == 0 || (Envelope.Flow is null && fields.HasFlow) || (Envelope.Process is null && fields.HasProcess))
        {
            Envelope = Event.Parser.ParseFrom(encoded);
            Envelope.ClearPayload();
            Envelope.Truncation = null;
            Envelope.Redaction = null;
        }

        LastBootNs = Math.Max(LastBootNs, fields.BootNs);
        LastWallNs = fields.WallNs;
        HttpDirection direction = fields.Payload.Direction == (uint)Direction.Sent ? HttpDirection.Sent : HttpDirection.Received;
        _http.Feed(direction, (long)Math.Min(fields.Payload.StreamOffset, long.MaxValue), fields.Payload.Main.Of(encoded), (long)fields.WallNs);
    }

    /// <summary>Hands over what is unfinished.</summary>
    public void Close() => _http.Close((long)LastWallNs);

    void IHttpSink.OnExchange(HttpExchange exchange) => _onExchange(this, exchange);

    void IHttpSink.OnWebSocketMessage(WebSocketMessage message) => _onMessage(this, message);
}
