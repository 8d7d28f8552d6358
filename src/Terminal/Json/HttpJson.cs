using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Terminal.Json;

/// <summary>HTTP exchanges and WebSocket messages as properties of a JSON object.</summary>
internal static class HttpJson
{
    internal static void Write(Utf8JsonWriter json, ExchangeItem item, int mostBytes)
    {
        HttpExchange exchange = item.Exchange;
        Begin(json, item, "http", exchange.StartedNs);
        json.WriteNumber("duration_ns", exchange.DurationNs);
        json.WriteNumber("stream", exchange.StreamId);
        json.WriteString("role", item.Role.ToString().ToLowerInvariant());
        WriteProblems(json, exchange.Problems);
        if (exchange.Request is { } request)
        {
            json.WriteStartObject("request");
            json.WriteString("version", Version(request.Protocol));
            JsonBytes.Write(json, "method", request.Method.Span);
            JsonBytes.Write(json, "target", request.Target.Span);
            JsonBytes.Write(json, "authority", request.Authority.Span);
            WriteRest(json, request, mostBytes);
        }

        if (exchange.Response is { } response)
        {
            json.WriteStartObject("response");
            json.WriteString("version", Version(response.Protocol));
            json.WriteNumber("status", response.Status);
            WriteRest(json, response, mostBytes);
        }
    }

    internal static void Write(Utf8JsonWriter json, MessageItem item, int mostBytes)
    {
        WebSocketMessage message = item.Message;
        Begin(json, item, "websocket", message.StartedNs);
        json.WriteNumber("stream", message.StreamId);
        json.WriteString("direction", message.Direction == HttpDirection.Sent ? "sent" : "received");
        json.WriteString("opcode", message.Opcode.ToString().ToLowerInvariant());
        WriteProblems(json, message.Problems);
        WriteBytes(json, "payload", message.Payload.Span, message.PayloadLength, mostBytes);
    }

    private static void Begin(Utf8JsonWriter json, TerminalItem item, string type, long startedNs)
    {
        json.WriteString("time", Timestamp.Format(startedNs));
        json.WriteString("module", item.Topic);
        json.WriteString("type", type);
        EventJson.WriteOrigin(json, item.Origin);
    }

    private static void WriteRest(Utf8JsonWriter json, HttpMessage message, int mostBytes)
    {
        WriteHeaders(json, "headers", message.Headers);
        if (message.Trailers.Count > 0)
        {
            WriteHeaders(json, "trailers", message.Trailers);
        }

        if (message.Body.State != HttpBodyState.Empty)
        {
            json.WriteNumber("wire_length", message.Body.RawLength);
            bool isDecoded = message.Body.State == HttpBodyState.Decoded;
            long length = isDecoded ? message.Body.Content.Length : Math.Max(message.Body.RawLength, message.Body.Content.Length);
            WriteBytes(json, "body", message.Body.Content.Span, length, mostBytes, message.Body.IsCut);
        }

        json.WriteEndObject();
    }

    private static void WriteBytes(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes, long length, int mostBytes, bool isCut = false)
    {
        ReadOnlySpan<byte> kept = mostBytes > 0 && bytes.Length > mostBytes ? bytes[..mostBytes] : bytes;
        json.WriteNumber(name + "_length", length);
        if (isCut || kept.Length < bytes.Length)
        {
            json.WriteBoolean(name + "_cut", true);
        }

        JsonBytes.Write(json, name, kept);
    }

    private static void WriteHeaders(Utf8JsonWriter json, string name, HttpHeaders headers)
    {
        json.WriteStartArray(name);
        foreach (HttpHeader header in headers)
        {
            json.WriteStartObject();
            JsonBytes.Write(json, "name", header.Name.Span);
            JsonBytes.Write(json, "value", header.Value.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteProblems(Utf8JsonWriter json, HttpProblems problems)
    {
        json.WriteStartArray("problems");
        foreach (string problem in problems == HttpProblems.None ? [] : problems.ToString().Split(", "))
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
    }

    private static string Version(HttpProtocol protocol) => protocol switch
    {
        HttpProtocol.Http10 => "1.0",
        HttpProtocol.Http2 => "2",
        _ => "1.1",
    };
}
