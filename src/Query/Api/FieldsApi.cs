using System.Text.Json;
using ECapture.Storage.Reading.Expressions;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary><c>GET /api/v1/fields</c>: what filter expressions may say, for programs that help to write them.</summary>
internal static class FieldsApi
{
    public static async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("fields");
            foreach (FilterField field in FilterFields.All)
            {
                json.WriteStartObject();
                json.WriteString("name", field.Name);
                json.WriteString("type", field.Type.ToString().ToLowerInvariant());
                json.WriteString("description", field.Description);
                json.WriteString("example", field.Example);
                json.WriteBoolean("payload", field.IsPayload);
                json.WriteStartArray("operators");
                foreach (string symbol in FilterFields.OperatorsOf(field.Type))
                {
                    json.WriteStringValue(symbol);
                }

                json.WriteEndArray();
                json.WriteStartArray("values");
                foreach (string value in field.ChoiceNames)
                {
                    json.WriteStringValue(value);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }
}
