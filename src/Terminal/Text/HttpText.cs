using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Terminal.Text;

/// <summary>HTTP exchanges and WebSocket messages as text.</summary>
internal sealed class HttpText(BodyText body, Ink ink)
{
    /// <summary>Appends the rest of the head line, request and response.</summary>
    internal void Append(StringBuilder text, HttpExchange exchange, HttpRole role)
    {
        HttpMessage any = (HttpMessage?)exchange.Request ?? exchange.Response!;
        text.Append(' ').Append(Version(any.Protocol));
        if (any.Protocol == HttpProtocol.Http2)
        {
            text.Append(CultureInfo.InvariantCulture, $" stream {exchange.StreamId}");
        }

        text.Append(CultureInfo.InvariantCulture, $" {exchange.DurationNs / 1e6:0.###} ms");
        if (exchange.Problems != HttpProblems.None)
        {
            text.Append(' ');
            ink.Append(text, $"[{exchange.Problems}]", Ink.Yellow);
        }

        text.Append('\n');
        string toServer = role == HttpRole.Server ? "< " : "> ";
        string toClient = role == HttpRole.Server ? "> " : "< ";
        if (exchange.Request is { } request)
        {
            AppendRequest(text, request, toServer);
        }

        foreach (HttpResponse interim in exchange.Interim)
        {
            AppendResponse(text, interim, toClient);
        }

        if (exchange.Response is { } response)
        {
            AppendResponse(text, response, toClient);
        }

        text.Append('\n');
    }

    /// <summary>Appends the rest of the head line, and the message.</summary>
    internal void Append(StringBuilder text, WebSocketMessage message)
    {
        string before = message.Direction == HttpDirection.Sent ? "> " : "< ";
        text.Append(CultureInfo.InvariantCulture, $" WebSocket {message.Opcode} {message.PayloadLength} bytes");
        if (message.Problems != HttpProblems.None)
        {
            text.Append(' ');
            ink.Append(text, $"[{message.Problems}]", Ink.Yellow);
        }

        text.Append('\n');
        // A compressed payload is inflated: its length on the wire says nothing of what was kept.
        long length = message.IsCompressed ? message.Payload.Length : Math.Max(message.PayloadLength, message.Payload.Length);
        body.Append(text, message.Payload.Span, length, before);
        text.Append('\n');
    }

    private void AppendRequest(StringBuilder text, HttpRequest request, string before)
    {
        string line = $"{Line(request.Method)} {Line(request.Target)} {Version(request.Protocol)}";
        text.Append(before);
        ink.Append(text, line, Ink.Green);
        text.Append('\n');
        if (request.Protocol == HttpProtocol.Http2)
        {
            // What HTTP/1 says in its Host field.
            text.Append(before).Append("host: ").Append(Line(request.Authority)).Append('\n');
        }

        AppendRest(text, request, before);
    }

    private void AppendResponse(StringBuilder text, HttpResponse response, string before)
    {
        text.Append(before);
        string line = string.Create(CultureInfo.InvariantCulture, $"{Version(response.Protocol)} {response.Status} {Line(response.Reason)}");
        ink.Append(text, line.TrimEnd(), response.Status < 400 ? Ink.Green : Ink.Red);
        text.Append('\n');
        AppendRest(text, response, before);
    }

    private void AppendRest(StringBuilder text, HttpMessage message, string before)
    {
        AppendHeaders(text, message.Headers, before);
        text.Append(before.TrimEnd()).Append('\n');
        HttpBody content = message.Body;
        switch (content.State)
        {
            case HttpBodyState.Empty:
                break;
            case HttpBodyState.Decoded:
                text.Append(before);
                ink.Append(text, string.Create(CultureInfo.InvariantCulture, $"[{content.RawLength} bytes on the wire, decoded]"), Ink.Dim);
                text.Append('\n');
                body.Append(text, content.Content.Span, content.Content.Length, before, content.IsCut);
                break;
            default:
                body.Append(text, content.Content.Span, Math.Max(content.RawLength, content.Content.Length), before);
                break;
        }

        if (message.Trailers.Count > 0)
        {
            AppendHeaders(text, message.Trailers, before);
        }
    }

    private static void AppendHeaders(StringBuilder text, HttpHeaders headers, string before)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            HttpHeader header = headers[i];
            string name = (header.Flags & HttpHeaderFlags.NameUnknown) != 0 ? "?" : Line(header.Name);
            string value = (header.Flags & HttpHeaderFlags.ValueUnknown) != 0 ? "?" : Line(header.Value);
            text.Append(before).Append(name).Append(": ").Append(value).Append('\n');
        }
    }

    private static string Version(HttpProtocol protocol) => protocol switch
    {
        HttpProtocol.Http10 => "HTTP/1.0",
        HttpProtocol.Http2 => "HTTP/2",
        _ => "HTTP/1.1",
    };

    private static string Line(ReadOnlyMemory<byte> bytes) => Printable.Of(bytes.Span);
}
