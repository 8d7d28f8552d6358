using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Policies;

public sealed class RedactionJsonTests
{
    [Fact]
    public void WriteFields_CutAndRedacted_SaysBoth()
    {
        Event e = new()
        {
            Truncation = new Truncation { Length = 9, HmacSha256 = ByteString.CopyFrom(0xAB, 1), Logged = 7 },
            Redaction = new Redaction { Count = 2, Rules = { "card-number", "own" } },
            TlsData = new TlsData(),
        };

        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            EventJson.WriteFields(json, e, "tls");
            json.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        Assert.Equal("""{"length":9,"sha256":"","hmac_sha256":"ab01","logged":7}""", document.RootElement.GetProperty("truncation").GetRawText());
        Assert.Equal("""{"count":2,"rules":["card-number","own"]}""", document.RootElement.GetProperty("redaction").GetRawText());
    }
}
