using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Fuzz;

/// <summary>Keeps what a connection hands over, and can write it down so that two readings can be compared.</summary>
public sealed class Transcript : IHttpSink
{
    public List<HttpExchange> Exchanges { get; } = [];

    public List<WebSocketMessage> Messages { get; } = [];

    /// <summary>Everything but times, in order.</summary>
    public StringBuilder Lines { get; } = new();

    public void OnExchange(HttpExchange exchange)
    {
        Exchanges.Add(exchange);
        Lines.Append(CultureInfo.InvariantCulture, $"exchange {exchange.StreamId} {exchange.Problems} {exchange.Upgrade} {exchange.ErrorCode} {exchange.IsPushed}\n");
        if (exchange.Request is { } request)
        {
            Lines.Append(CultureInfo.InvariantCulture, $" {Show(request.Method)} {Show(request.Scheme)} {Show(request.Authority)} {Show(request.Target)}");
            Write(request);
        }

        foreach (HttpResponse interim in exchange.Interim)
        {
            Lines.Append(CultureInfo.InvariantCulture, $" interim {interim.Status}");
            Write(interim);
        }

        if (exchange.Response is { } response)
        {
            Lines.Append(CultureInfo.InvariantCulture, $" {response.Status} {Show(response.Reason)}");
            Write(response);
        }
    }

    public void OnWebSocketMessage(WebSocketMessage message)
    {
        Messages.Add(message);
        Lines.Append(
            CultureInfo.InvariantCulture,
            $"websocket {message.StreamId} {message.FromClient} {message.Opcode} {message.Frames} {message.PayloadLength} {message.WireBytes} {message.Problems} {Digest(message.Payload)}\n");
    }

    public static string Show(ReadOnlyMemory<byte> bytes) => Encoding.Latin1.GetString(bytes.Span);

    private static string Digest(ReadOnlyMemory<byte> bytes) =>
        $"{bytes.Length}:{(bytes.Length <= 64 ? Convert.ToHexStringLower(bytes.Span) : Convert.ToHexStringLower(SHA256.HashData(bytes.Span)))}";

    private void Write(HttpMessage message)
    {
        Lines.Append(CultureInfo.InvariantCulture, $" {message.Protocol} @{message.StreamOffset}+{message.WireBytes} {message.Problems} {message.IsEnded}\n");
        foreach (HttpHeader header in message.Headers.Concat(message.Trailers))
        {
            Lines.Append(CultureInfo.InvariantCulture, $"  {header} {header.Flags}\n");
        }

        HttpBody body = message.Body;
        Lines.Append(CultureInfo.InvariantCulture, $"  body {body.State} {body.RawLength} {body.IsCut} {Digest(body.Raw)} {Digest(body.Content)}\n");
    }
}
