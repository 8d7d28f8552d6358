using ECapture.Protocols.Http.Http1;
using ECapture.Protocols.Http.Http2;
using ECapture.Protocols.Http.Streams;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Protocols.Http;

/// <summary>
/// Makes exchanges of the two directions of one connection's plaintext: HTTP/1.0 and 1.1 (RFC 9112), HTTP/2 (RFC 9113), WebSocket (RFC 6455).
/// It takes any bytes: it does not throw, and it keeps no more than its limits say. Not safe for use by two threads at once.
/// </summary>
/// <remarks>
/// Feed both directions in the order they were captured in: a response is read by the rules of its request (HEAD, CONNECT, upgrades). What is handed over does
/// not depend on how the bytes are cut into pieces, apart from the times.
/// </remarks>
public sealed class HttpConnection
{
    private readonly IHttpSink _sink;
    private readonly HttpLimits _limits;
    private readonly MemoryBudget _budget;
    private readonly HttpSide _sent;
    private readonly HttpSide _received;
    private readonly Http1Pairing _pairing;
    private Http2Session? _session;
    private bool _isClosed;

    /// <summary>A connection that nothing is known of.</summary>
    /// <param name="sink">Takes what is found.</param>
    /// <param name="limits">Bounds; null for <see cref="HttpLimits.Default"/>.</param>
    /// <param name="role">What the captured process is, when that is known.</param>
    /// <param name="startsInMiddle">Whether the connection is older than the capture: then the start of a message is searched for.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is outside its range.</exception>
    public HttpConnection(IHttpSink sink, HttpLimits? limits = null, HttpRole role = HttpRole.Unknown, bool startsInMiddle = false)
    {
        _sink = sink;
        _limits = limits ?? HttpLimits.Default;
        _limits.Validate();
        _budget = new MemoryBudget(_limits.MaxBufferedBytes);
        StartsInMiddle = startsInMiddle;
        _sent = new HttpSide(this, HttpDirection.Sent, _limits);
        _received = new HttpSide(this, HttpDirection.Received, _limits);
        Sent = new ByteStream(_sent);
        Received = new ByteStream(_received);
        _pairing = new Http1Pairing(this, _limits);
        ClientSide = role switch
        {
            HttpRole.Client => _sent,
            HttpRole.Server => _received,
            _ => null,
        };
    }

    /// <summary>What the process wrote.</summary>
    public ByteStream Sent { get; }

    /// <summary>What the process read.</summary>
    public ByteStream Received { get; }

    /// <summary>What the connection speaks now.</summary>
    public HttpProtocol Protocol { get; private set; }

    /// <summary>What the captured process is.</summary>
    public HttpRole Role => ClientSide is null ? HttpRole.Unknown : ClientSide == _sent ? HttpRole.Client : HttpRole.Server;

    /// <summary>Bytes kept for unfinished messages at the moment.</summary>
    public int BufferedBytes => _budget.Used;

    internal bool StartsInMiddle { get; set; }

    /// <summary>The direction that requests go.</summary>
    internal HttpSide? ClientSide { get; private set; }

    /// <summary>Feeds a piece of one direction.</summary>
    /// <param name="direction">Which.</param>
    /// <param name="offset">Of its first byte in the direction; a jump is a gap.</param>
    /// <param name="bytes">The plaintext.</param>
    /// <param name="ns">When it was captured, in nanoseconds of any clock.</param>
    public void Feed(HttpDirection direction, long offset, ReadOnlySpan<byte> bytes, long ns) => Stream(direction).Feed(offset, bytes, ns);

    /// <summary>Declares that the next bytes of a direction were not captured.</summary>
    public void Gap(HttpDirection direction, long length, long ns) => Stream(direction).Gap(length, ns);

    /// <summary>Declares the end of a direction: the end of a body that lasts until then (RFC 9112 section 6.3).</summary>
    public void End(HttpDirection direction, long ns) => Stream(direction).End(ns);

    /// <summary>Ends both directions and hands over everything that is unfinished. Calling it again does nothing.</summary>
    public void Close(long ns)
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        Stream(ClientSide?.Direction ?? HttpDirection.Sent).End(ns);
        Sent.End(ns);
        Received.End(ns);
        _pairing.Close();
        _session?.Close(ns);
    }

    internal HttpSide OtherSide(HttpSide side) => side == _sent ? _received : _sent;

    internal void LearnClient(HttpSide side) => ClientSide ??= side;

    internal StreamHandler NewSearcher(HttpSide side) => new Searcher(side, _limits);

    internal WebSocketReader NewWebSocket(long streamId, HttpDirection direction, bool isClient, PerMessageDeflate deflate) =>
        new(_sink, _limits, _budget, streamId, direction, isClient, deflate);

    /// <summary>What may be found in the middle of a direction.</summary>
    internal SearchKinds WantedOf(HttpSide side) => Protocol switch
    {
        HttpProtocol.Http2 => SearchKinds.Http2,
        HttpProtocol.Http11 => Http1Of(side),
        HttpProtocol.Unknown => Http1Of(side) | SearchKinds.Http2,
        _ => SearchKinds.None,
    };

    /// <summary>A direction's first message, or the next one after a search, starts with the bytes that follow.</summary>
    internal void Begin(HttpSide side, SearchKinds kind, bool isTentative)
    {
        bool isHttp2 = kind is SearchKinds.Preface or SearchKinds.Settings;
        if (((isHttp2 ? SearchKinds.Http2 : kind) & WantedOf(side)) == 0)
        {
            kind = SearchKinds.None;
        }

        switch (kind)
        {
            case SearchKinds.Request or SearchKinds.Response:
                LearnClient(kind == SearchKinds.Request ? side : OtherSide(side));
                Protocol = HttpProtocol.Http11;
                side.Handler = new Http1Parser(side, _pairing, kind == SearchKinds.Request, _limits, _budget) { IsTentative = isTentative };
                break;
            case SearchKinds.Preface or SearchKinds.Settings:
                LearnClient(kind == SearchKinds.Preface ? side : OtherSide(side));
                BeginHttp2(side, prefaceSeen: 0, isTentative);
                break;
            case SearchKinds.Http2:
                BeginHttp2(side, prefaceSeen: 0, isTentative);
                break;
            default:
                if (StartsInMiddle || Protocol is HttpProtocol.Http11 or HttpProtocol.Http2)
                {
                    side.Handler = NewSearcher(side);
                    break;
                }

                side.Handler = Opaque.Instance;
                Protocol = Protocol == HttpProtocol.Unknown ? HttpProtocol.NotHttp : Protocol;
                break;
        }
    }

    /// <summary>A client went on in HTTP/2 after the first line of its preface.</summary>
    internal void OnPreface(HttpSide side)
    {
        Protocol = HttpProtocol.Http2;
        BeginHttp2(side, "PRI * HTTP/2.0\r\n".Length, isTentative: false);
        if (OtherSide(side).Handler is Http1Parser or Searcher)
        {
            (OtherSide(side).Handler as Http1Parser)?.Abandon();
            BeginHttp2(OtherSide(side), prefaceSeen: 24, isTentative: false);
        }
    }

    /// <summary>The client's bytes behind a request that asked for another protocol are HTTP after all.</summary>
    internal void ReleaseHeld() => (ClientSide?.Handler as Hold)?.Release();

    /// <summary>A response changed the protocol (RFC 9110 sections 7.8 and 9.3.6).</summary>
    internal void Switch(HttpExchange exchange)
    {
        if (ClientSide is not { } client)
        {
            return;
        }

        HttpSide server = OtherSide(client);
        StreamHandler forClient = Opaque.Instance;
        StreamHandler forServer = Opaque.Instance;
        Protocol = HttpProtocol.Tunnel;
        if (exchange.Upgrade == HttpUpgrade.WebSocket)
        {
            Protocol = HttpProtocol.WebSocket;
            var deflate = PerMessageDeflate.Of(exchange.Response!.Headers);
            forClient = new WebSocketHandler(NewWebSocket(exchange.StreamId, client.Direction, isClient: true, deflate));
            forServer = new WebSocketHandler(NewWebSocket(exchange.StreamId, server.Direction, isClient: false, deflate));
        }
        else if (exchange.Upgrade == HttpUpgrade.Http2)
        {
            Protocol = HttpProtocol.Http2;
            _session ??= new Http2Session(this, _limits, _budget);
            forClient = new Http2Reader(client, _session, _limits, prefaceSeen: 0);
            forServer = new Http2Reader(server, _session, _limits, prefaceSeen: 24);
            if (exchange.Request is { } request)
            {
                _session.Adopt(request, client.Direction);
            }
        }

        (client.Handler as Http1Parser)?.Abandon();
        server.Handler = forServer;
        if (client.Handler is Hold hold)
        {
            hold.ReleaseTo(forClient);
        }
        else
        {
            client.Handler = forClient;
        }
    }

    /// <summary>Hands an exchange over.</summary>
    internal void Deliver(HttpExchange exchange)
    {
        exchange.Problems |= Finish(exchange.Request, HttpProblems.RequestMissing) | Finish(exchange.Response, HttpProblems.ResponseMissing);
        foreach (HttpResponse interim in exchange.Interim)
        {
            Finish(interim, HttpProblems.None);
        }

        _sink.OnExchange(exchange);
    }

    /// <summary>Forgets a message that is not handed over.</summary>
    internal void Discard(HttpMessage message)
    {
        message.IsDelivered = true;
        _budget.Return(message.Charged);
    }

    private HttpProblems Finish(HttpMessage? message, HttpProblems missing)
    {
        if (message is null)
        {
            return missing;
        }

        if (!message.IsDelivered)
        {
            message.IsDelivered = true;
            message.Problems |= message.IsEnded ? 0 : HttpProblems.Unfinished;
            _budget.Return(message.Charged);
            BodyDecoder.Decode(message, _limits);
        }

        return message.Problems;
    }

    private void BeginHttp2(HttpSide side, int prefaceSeen, bool isTentative)
    {
        Protocol = HttpProtocol.Http2;
        _session ??= new Http2Session(this, _limits, _budget);
        if (isTentative)
        {
            _session.OnLost(side, 0);
        }

        side.Handler = new Http2Reader(side, _session, _limits, prefaceSeen);
    }

    private SearchKinds Http1Of(HttpSide side) => ClientSide is null ? SearchKinds.Request | SearchKinds.Response
        : side == ClientSide ? SearchKinds.Request : SearchKinds.Response;

    private ByteStream Stream(HttpDirection direction) => direction == HttpDirection.Sent ? Sent : Received;
}
