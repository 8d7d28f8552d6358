using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;
using Google.Protobuf;
using Direction = ECapture.Events.V1.Direction;
using Exchange = ECapture.Events.V1.HttpTransaction;

namespace ECapture.Sink.Projections;

/// <summary>What was found in plaintext, as events of the topic http.</summary>
internal static class ExchangeEvents
{
    private static readonly (HttpProblems Flag, string Name)[] s_problems =
    [
        .. Enum.GetValues<HttpProblems>().Where(p => ulong.PopCount((ulong)p) == 1).Select(p => (p, SnakeCase(p.ToString()))),
    ];

    /// <summary>An exchange.</summary>
    /// <param name="track">Its connection.</param>
    /// <param name="exchange">What was found.</param>
    /// <param name="topic">Where the plaintext is.</param>
    public static Event Of(HttpTrack track, HttpExchange exchange, string topic)
    {
        Event made = Envelope(track, exchange.StartedNs);
        Exchange http = new()
        {
            Role = track.Role switch
            {
                HttpRole.Client => Exchange.Types.Role.Client,
                HttpRole.Server => Exchange.Types.Role.Server,
                _ => Exchange.Types.Role.Unspecified,
            },
            Version = (uint)(exchange.Request?.Protocol ?? exchange.Response?.Protocol ?? HttpProtocol.Unknown),
            Stream = (ulong)exchange.StreamId,
            Status = (uint)exchange.Status,
            DurationNs = (ulong)Math.Max(0, exchange.DurationNs),
            FirstByteNs = exchange.FirstByteNs == 0 ? 0 : (ulong)Math.Max(0, exchange.FirstByteNs - exchange.StartedNs),
            Upgrade = exchange.Upgrade == HttpUpgrade.None ? "" : exchange.Upgrade.ToString().ToLowerInvariant(),
            Topic = topic,
        };
        if (exchange.Request is { } request)
        {
            http.Method = Bytes(request.Method);
            http.Host = Bytes(request.Authority);
            http.Path = Bytes(request.Target);
            http.RequestBytes = (ulong)Math.Max(0, request.Body.RawLength);
            http.RequestType = Field(request.Headers, "content-type"u8);
            http.RequestBody = Bytes(request.Body.Content);
            http.RequestHeaders.AddRange(Headers(request.Headers));
        }

        if (exchange.Response is { } response)
        {
            http.ResponseBytes = (ulong)Math.Max(0, response.Body.RawLength);
            http.ResponseType = Field(response.Headers, "content-type"u8);
            http.ResponseBody = Bytes(response.Body.Content);
            http.ResponseHeaders.AddRange(Headers(response.Headers));
        }

        http.Problems.AddRange(Problems(exchange.Problems));
        made.HttpExchange = http;
        return made;
    }

    /// <summary>A message of a WebSocket.</summary>
    /// <param name="track">Its connection.</param>
    /// <param name="message">What was found.</param>
    /// <param name="topic">Where the plaintext is.</param>
    public static Event Of(HttpTrack track, WebSocketMessage message, string topic)
    {
        Event made = Envelope(track, message.StartedNs);
        made.WebSocketMessage = new WebSocketData
        {
            Direction = message.Direction == HttpDirection.Sent ? Direction.Sent : Direction.Received,
            FromClient = message.FromClient,
            Stream = (ulong)message.StreamId,
            Opcode = message.Opcode.ToString().ToLowerInvariant(),
            Length = (ulong)Math.Max(0, message.PayloadLength),
            Frames = (uint)message.Frames,
            Compressed = message.IsCompressed,
            Data = Bytes(message.Payload),
            Topic = topic,
        };
        made.WebSocketMessage.Problems.AddRange(Problems(message.Problems));
        return made;
    }

    private static Event Envelope(HttpTrack track, long startedNs)
    {
        Event made = track.Envelope.Clone();
        made.Topic = Topics.Http;
        ulong before = track.LastWallNs > (ulong)startedNs ? track.LastWallNs - (ulong)startedNs : 0;
        made.WallNs = (ulong)startedNs;
        made.BootNs = track.LastBootNs > before ? track.LastBootNs - before : 0;
        return made;
    }

    private static IEnumerable<Exchange.Types.Header> Headers(HttpHeaders headers) => headers.Select(h => new Exchange.Types.Header
    {
        Name = Bytes(h.Name),
        Value = Bytes(h.Value),
        Unknown = h.IsUnknown,
    });

    private static IEnumerable<string> Problems(HttpProblems problems) => s_problems.Where(p => (problems & p.Flag) != 0).Select(p => p.Name);

    private static ByteString Field(HttpHeaders headers, ReadOnlySpan<byte> name) => headers.TryGet(name, out ReadOnlyMemory<byte> value) ? Bytes(value) : ByteString.Empty;

    private static ByteString Bytes(ReadOnlyMemory<byte> bytes) => ByteString.CopyFrom(bytes.Span);

    private static string SnakeCase(string name)
    {
        StringBuilder text = new();
        foreach (char c in name)
        {
            text.Append(char.IsUpper(c) && text.Length > 0 ? "_" : "").Append(char.ToLower(c, CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
