using System.Text.Json;
using ECapture.Events;
using ECapture.Events.Formatting;
using ECapture.Protocols.Sql;
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

        if (stored.Event.SqlStatement is { Statement.IsEmpty: false } sql)
        {
            SqlDialect dialect = stored.Id.Topic == Topics.Mysqld ? SqlDialect.MySql : SqlDialect.Postgres;
            json.WriteString("fingerprint", EventView.Id(SqlFingerprint.Of(sql.Statement.Span, dialect)));
        }

        json.WriteEndObject();
    }
}
