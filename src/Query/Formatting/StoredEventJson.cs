using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Storage.Reading;

namespace ECapture.Query.Formatting;

/// <summary>An event out of a store as JSON. The names are part of the API: docs/query.md.</summary>
internal static class StoredEventJson
{
    public static void Write(Utf8JsonWriter json, StoredEvent stored)
    {
        json.WriteStartObject();
        json.WriteString("id", stored.Id.ToString());
        json.WriteString("cursor", stored.Cursor.ToString());
        EventJson.WriteFields(json, stored.Event, stored.Id.Topic);
        if (stored.Result is { } result)
        {
            json.WriteStartObject("result");
            json.WriteNumber("exit_status", result.ExitStatus);
            json.WriteString("time", Timestamp.Format(result.Time));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
