using System.Globalization;
using System.Text.Json;
using ECapture.Events.V1;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;
using Google.Protobuf;

namespace ECapture.Query.Formatting;

/// <summary>An event as JSON. The names are part of the API: docs/query.md.</summary>
internal static class EventJson
{
    public static void Write(Utf8JsonWriter json, StoredEvent stored)
    {
        Event e = stored.Event;
        json.WriteStartObject();
        json.WriteString("id", stored.Id.ToString());
        json.WriteString("cursor", stored.Cursor.ToString());
        json.WriteString("time", TimeText.Format((long)e.WallNs));
        json.WriteString("module", stored.Id.Topic);
        json.WriteString("type", EventView.TypeName(e));
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

        if (e.Truncation is { } truncation)
        {
            json.WriteStartObject("truncation");
            json.WriteNumber("length", truncation.Length);
            json.WriteString("sha256", Convert.ToHexStringLower(truncation.Sha256.Span));
            json.WriteEndObject();
        }

        if (EventView.Payload(e) is { } payload)
        {
            json.WritePropertyName("data");
            MessageJson.Write(json, payload);
        }

        if (stored.Result is { } result)
        {
            json.WriteStartObject("result");
            json.WriteNumber("exit_status", result.ExitStatus);
            json.WriteString("time", TimeText.Format(result.Time));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
