using ECapture.Events.V1;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;
using Direction = ECapture.Events.V1.Direction;

namespace ECapture.Terminal.Http;

/// <summary>
/// One connection's plaintext: HTTP becomes exchanges; what turns out to be none is shown piece by piece, as it came.
/// </summary>
internal sealed class PlaintextConnection : IHttpSink
{
    private const int MostUndecidedBytes = 64 * 1024;
    private const ulong UndecidedNs = 1_000_000_000;

    // A body beyond these is counted, not kept, and the block says so.
    private static readonly HttpLimits s_limits = new() { MaxBufferedBytes = 4 * 1024 * 1024 };

    private readonly string _topic;
    private readonly Action<TerminalItem> _emit;
    private readonly HttpConnection _http;
    private readonly OffsetCount _sent = new();
    private readonly OffsetCount _received = new();
    private readonly List<Event> _undecided = [];
    private int _undecidedBytes;
    private Event _envelope = new();

    internal PlaintextConnection(string topic, bool isOlder, Action<TerminalItem> emit)
    {
        _topic = topic;
        _emit = emit;
        _http = new HttpConnection(this, s_limits, startsInMiddle: isOlder);
    }

    /// <summary>CLOCK_BOOTTIME of the last piece.</summary>
    internal ulong LastNs { get; private set; }

    /// <summary>Flow id of the last piece; 0: not known.</summary>
    internal ulong Flow { get; private set; }

    /// <summary>Bytes kept for it.</summary>
    internal int BufferedBytes => _http.BufferedBytes + _undecidedBytes;

    /// <summary>Whose end of which flow it is.</summary>
    internal (uint Pid, ulong Flow, uint Port) Place { get; private set; }

    /// <summary>Whose end of which flow a piece belongs to.</summary>
    internal static (uint Pid, ulong Flow, uint Port) PlaceOf(Event piece) => (piece.Process?.Pid ?? 0, piece.Flow?.Id ?? 0, piece.Flow?.LocalPort ?? 0);

    /// <summary>The next pieces are another agent's, which counts their bytes from where it came in.</summary>
    internal void CountAnew()
    {
        _sent.CountAnew();
        _received.CountAnew();
    }

    /// <summary>Takes a piece.</summary>
    internal void Feed(Event piece)
    {
        _envelope = piece;
        LastNs = piece.BootNs;
        Flow = piece.Flow?.Id ?? Flow;
        if (piece.Flow is not null || Place.Pid == 0)
        {
            Place = PlaceOf(piece);
        }

        (HttpDirection direction, OffsetCount count) = piece.TlsData.Direction == Direction.Sent ? (HttpDirection.Sent, _sent) : (HttpDirection.Received, _received);
        _http.Feed(direction, count.Place(piece), piece.TlsData.Data.Span, (long)piece.WallNs);
        switch (_http.Protocol)
        {
            case HttpProtocol.NotHttp or HttpProtocol.Tunnel:
                EmitUndecided();
                _emit(new DataItem(_topic, piece));
                break;
            case HttpProtocol.Unknown:
                _undecided.Add(piece);
                _undecidedBytes += piece.TlsData.Data.Length;
                if (_undecidedBytes > MostUndecidedBytes)
                {
                    EmitUndecided();
                }

                break;
            default:
                Forget();
                break;
        }
    }

    /// <summary>Shows what was not decided for a while: better early than well formed.</summary>
    internal void Tick(ulong nowNs)
    {
        if (_undecided.Count > 0 && nowNs > LastNs + UndecidedNs)
        {
            EmitUndecided();
        }
    }

    /// <summary>Hands over what is unfinished.</summary>
    internal void Close()
    {
        _http.Close((long)_envelope.WallNs);
        EmitUndecided();
    }

    void IHttpSink.OnExchange(HttpExchange exchange) => _emit(new ExchangeItem(_topic, _envelope, exchange, _http.Role));

    void IHttpSink.OnWebSocketMessage(WebSocketMessage message) => _emit(new MessageItem(_topic, _envelope, message));

    private void EmitUndecided()
    {
        foreach (Event piece in _undecided)
        {
            _emit(new DataItem(_topic, piece));
        }

        Forget();
    }

    private void Forget()
    {
        _undecided.Clear();
        _undecidedBytes = 0;
    }
}
