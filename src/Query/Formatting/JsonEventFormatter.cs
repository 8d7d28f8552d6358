using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ECapture.Storage.Reading;

namespace ECapture.Query.Formatting;

/// <summary>JSON: <c>{"events":[…]}</c>, or an object per line (NDJSON). docs/query.md lists the fields.</summary>
internal sealed class JsonEventFormatter(bool lines) : IEventFormatter
{
    // Not for HTML: quotes and controls are escaped, other text stays readable.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private EventCursor? _last;

    public string ContentType => lines ? "application/x-ndjson" : "application/json";

    public void Begin(IBufferWriter<byte> output)
    {
        if (!lines)
        {
            output.Write("{\"events\":["u8);
        }
    }

    public void Write(StoredEvent stored, IBufferWriter<byte> output)
    {
        if (_last is not null && !lines)
        {
            output.Write(","u8);
        }

        _last = stored.Cursor;
        using (var json = new Utf8JsonWriter(output, s_options))
        {
            StoredEventJson.Write(json, stored);
        }

        if (lines)
        {
            output.Write("\n"u8);
        }
    }

    public void End(IBufferWriter<byte> output)
    {
        if (!lines)
        {
            // A cursor has no character that JSON escapes.
            Encoding.ASCII.GetBytes(_last is { } last ? $"],\"next\":\"{last}\"}}\n" : "],\"next\":null}\n", output);
        }
    }
}
