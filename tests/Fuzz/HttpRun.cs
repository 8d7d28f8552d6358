using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Fuzz;

/// <summary>Feeds one connection and checks what must hold for any bytes.</summary>
public sealed class HttpRun : IHttpSink
{
    /// <summary>Small, so that inputs reach them.</summary>
    public static HttpLimits Limits { get; } = new()
    {
        MaxLineBytes = 2048,
        MaxHeaderBytes = 4096,
        MaxHeaders = 32,
        MaxBodyBytes = 16 * 1024,
        MaxDecodedBytes = 32 * 1024,
        MaxBufferedBytes = 64 * 1024,
        MaxPendingExchanges = 8,
        MaxHeaderTableBytes = 4096,
        MaxSearchBytes = 256 * 1024,
    };

    private readonly HttpConnection _connection;
    private readonly HashSet<HttpExchange> _seen = [];
    private long _ns;

    public HttpRun(HttpRole role, bool startsInMiddle) => _connection = new HttpConnection(this, Limits, role, startsInMiddle);

    public long Fed { get; private set; }

    public long MostKept { get; private set; }

    public void Feed(HttpDirection direction, ReadOnlySpan<byte> bytes)
    {
        Play.Stream(_connection, direction).Append(bytes, ++_ns);
        Fed += bytes.Length;
        MostKept = Math.Max(MostKept, _connection.BufferedBytes);
        Check(_connection.BufferedBytes >= 0 && _connection.BufferedBytes <= Limits.MaxBufferedBytes, $"{_connection.BufferedBytes} bytes are kept");
    }

    public void Gap(HttpDirection direction, long length) => Play.Stream(_connection, direction).Gap(length, ++_ns);

    public void End(HttpDirection direction) => Play.Stream(_connection, direction).End(++_ns);

    public void Close()
    {
        _connection.Close(++_ns);
        Check(_connection.BufferedBytes == 0, $"{_connection.BufferedBytes} bytes are still taken after the end");
    }

    public void OnExchange(HttpExchange exchange)
    {
        Check(_seen.Add(exchange), "an exchange was handed over twice");
        Check(exchange.Request is not null || exchange.Response is not null || exchange.Problems != 0, "an exchange is empty and complete");
        foreach (HttpMessage? message in (HttpMessage?[])[exchange.Request, exchange.Response])
        {
            if (message is not null)
            {
                Check(message.Headers.Count <= Limits.MaxHeaders + 32 && message.Trailers.Count <= Limits.MaxHeaders + 32, "too many fields");
                Check(message.Body.Raw.Length <= Limits.MaxBodyBytes && message.Body.Content.Length <= Limits.MaxDecodedBytes, "a body is too long");
                Check(message.Body.Raw.Length <= message.Body.RawLength && message.WireBytes >= 0, "sizes do not fit");
            }
        }
    }

    public void OnWebSocketMessage(WebSocketMessage message)
    {
        Check(message.Payload.Length <= Math.Max(Limits.MaxBodyBytes, Limits.MaxDecodedBytes), "a message is too long");
        Check(message.PayloadLength >= 0 && message.Frames > 0, "sizes do not fit");
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
