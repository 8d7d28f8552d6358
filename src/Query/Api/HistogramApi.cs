using System.Text.Json;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary><c>GET /api/v1/histogram</c>: how many events of each module there are over time.</summary>
internal static class HistogramApi
{
    public static async Task AnswerAsync(HttpContext context, HistogramRequest request, IReadOnlyList<HistogramBucket> buckets)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("from", TimeText.Format(request.Filter.From!.Value));
            json.WriteString("to", TimeText.Format(request.Filter.To!.Value));
            json.WriteNumber("width_ms", request.Width / 1e6);
            json.WriteStartObject("modules");
            foreach (IGrouping<string, HistogramBucket> topic in buckets.GroupBy(b => b.Topic))
            {
                long[] counts = new long[request.Buckets];
                foreach (HistogramBucket bucket in topic)
                {
                    counts[Math.Min((bucket.Start - request.Filter.From.Value) / request.Width, request.Buckets - 1)] += bucket.Count;
                }

                json.WriteStartArray(topic.Key);
                foreach (long count in counts)
                {
                    json.WriteNumberValue(count);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }
}
