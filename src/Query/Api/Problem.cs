using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary>Errors as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class Problem
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(
        HttpContext context, int status, string title, string detail, string? parameter = null, string? value = null, string? valid = null,
        int? column = null)
    {
        Microsoft.Extensions.Primitives.StringValues retry = context.Response.Headers.RetryAfter;
        context.Response.Clear();
        context.Response.Headers.RetryAfter = retry;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter, s_options))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", title);
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            if (parameter is not null)
            {
                json.WriteString("parameter", parameter);
                json.WriteString("value", value);
                json.WriteString("valid", valid);
                if (column is { } at)
                {
                    json.WriteNumber("column", at);
                }
            }

            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
