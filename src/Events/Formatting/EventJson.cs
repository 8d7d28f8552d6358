using System.Globalization;
using System.Text.Json;
using ECapture.Events.V1;

namespace ECapture.Events.Formatting;

/// <summary>An event as JSON. The names are part of the API: docs/query.md.</summary>
public static class EventJson
{
    /// <summary>Writes an event's properties into an object that was begun and that the caller ends.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="e">The event.</param>
    /// <param name="topic">Its topic.</param>
    public static void WriteFields(Utf8JsonWriter json, Event e, string topic)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(e);
        json.WriteString("time", Timestamp.Format((long)e.WallNs));
        json.WriteString("module", topic);
        json.WriteString("type", EventView.TypeName(e));
        WriteOrigin(json, e);
        if (e.Truncation is { } truncation)
        {
            json.WriteStartObject("truncation");
            json.WriteNumber("length", truncation.Length);
            json.WriteString("sha256", Convert.ToHexStringLower(truncation.Sha256.Span));
            if (!truncation.HmacSha256.IsEmpty)
            {
                json.WriteString("hmac_sha256", Convert.ToHexStringLower(truncation.HmacSha256.Span));
            }

            if (truncation.Logged > 0)
            {
                json.WriteNumber("logged", truncation.Logged);
            }

            json.WriteEndObject();
        }

        if (e.Redaction is { } redaction)
        {
            json.WriteStartObject("redaction");
            json.WriteNumber("count", redaction.Count);
            json.WriteStartArray("rules");
            foreach (string rule in redaction.Rules)
            {
                json.WriteStringValue(rule);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (EventView.Payload(e) is { } payload)
        {
            json.WritePropertyName("data");
            MessageJson.Write(json, payload);
        }
    }

    /// <summary>Writes where an event comes from: host, process, connection, flow.</summary>
    public static void WriteOrigin(Utf8JsonWriter json, Event e)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(e);
        json.WriteString("host", e.Host);
        if (e.Tenant.Length > 0)
        {
            json.WriteString("tenant", e.Tenant);
        }

        json.WriteString("boot", EventView.Uuid(e.Boot));
        json.WriteString("boot_ns", e.BootNs.ToString(CultureInfo.InvariantCulture));
        if (e.Process is { } process)
        {
            json.WriteStartObject("process");
            json.WriteNumber("pid", process.Pid);
            json.WriteNumber("tid", process.Tid);
            json.WriteNumber("uid", process.Uid);
            JsonBytes.Write(json, "name", process.Name.Span);
            json.WriteString("start_ns", process.StartNs.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        if (e.Connection != 0)
        {
            json.WriteString("connection", EventView.Id(e.Connection));
        }

        if (e.Flow is { } flow)
        {
            WriteFlow(json, flow);
        }
    }

    /// <summary>Writes the property <c>flow</c>.</summary>
    public static void WriteFlow(Utf8JsonWriter json, Flow flow)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(flow);
        json.WriteStartObject("flow");
        json.WriteString("id", EventView.Id(flow.Id));
        json.WriteString("local_address", EventView.Address(flow.LocalAddress));
        json.WriteNumber("local_port", flow.LocalPort);
        json.WriteString("remote_address", EventView.Address(flow.RemoteAddress));
        json.WriteNumber("remote_port", flow.RemotePort);
        json.WriteNumber("protocol", flow.Protocol);
        json.WriteNumber("network_namespace", flow.NetworkNamespace);
        json.WriteEndObject();
    }
}
