using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ECapture.Sink.Operations;

/// <summary>Lines of a report: JSON objects or columns of text.</summary>
internal static class Reports
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default };

    /// <summary>One JSON object on one line.</summary>
    public static async Task JsonLineAsync(TextWriter output, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await output.WriteLineAsync(Encoding.UTF8.GetString(buffer.WrittenSpan)).ConfigureAwait(false);
    }

    /// <summary>A number with its noun: <c>1 event</c>, <c>1,204 events</c>.</summary>
    public static string Count(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>An hour since 1970 as people read it; "-" for none.</summary>
    public static string Hour(long hour) => hour == 0 ? "-"
        : DateTime.UnixEpoch.AddHours(Math.Min(hour, 70_000_000)).ToString("yyyy-MM-dd HH:00", CultureInfo.InvariantCulture);
}
