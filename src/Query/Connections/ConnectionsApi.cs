using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using ECapture.Query.Api;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Connections;

/// <summary><c>GET /api/v1/connections</c>: one object per connection.</summary>
internal static class ConnectionsApi
{
    /// <summary>Writes them.</summary>
    public static async Task AnswerAsync(HttpContext context, IReadOnlyList<ConnectionView> connections, EventCursor? next)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("connections");
            foreach (ConnectionView view in connections)
            {
                Write(json, view);
            }

            json.WriteEndArray();
            json.WriteBoolean("cut", next is not null);
            json.WriteString("next", next?.ToString());
            json.WriteEndObject();
        }

        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, ConnectionView view)
    {
        json.WriteStartObject();
        json.WriteString("host", view.Host);
        json.WriteString("connection", view.Connection == 0 ? null : EventView.Id(view.Connection));
        json.WriteString("began", view.Began == ConnectionState.Types.State.Unspecified ? null : view.Began.ToString().ToLowerInvariant());
        json.WriteString("opened", view.Opened is { } opened ? TimeText.Format(opened) : null);
        json.WriteString("closed", view.Closed is { } closed ? TimeText.Format(closed) : null);
        json.WriteString("last", TimeText.Format(view.Last));
        if (view.Process is { } process)
        {
            json.WriteStartObject("process");
            json.WriteNumber("pid", process.Pid);
            json.WriteNumber("uid", process.Uid);
            JsonBytes.Write(json, "name", process.Name.Span);
            json.WriteEndObject();
        }

        if (view.Flow is { } flow)
        {
            EventJson.WriteFlow(json, flow);
        }

        if (!view.ServerName.IsEmpty)
        {
            JsonBytes.Write(json, "sni", view.ServerName.Span);
        }

        if (!view.ClientRandom.IsEmpty)
        {
            json.WriteString("client_random", Convert.ToHexStringLower(view.ClientRandom.Span));
        }

        json.WriteString("tls", view.TlsVersion);
        json.WriteStartArray("modules");
        foreach (string module in view.Modules)
        {
            json.WriteStringValue(module);
        }

        json.WriteEndArray();
        Number(json, "sent", view.Sent);
        Number(json, "received", view.Received);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, ulong? value)
    {
        if (value is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
