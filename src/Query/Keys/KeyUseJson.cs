using System.Text.Json;
using System.Text.Json.Serialization;

namespace ECapture.Query.Keys;

/// <summary>The form in which services and commands exchange <see cref="KeyUse"/>.</summary>
internal static class KeyUseJson
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static byte[] Write(IReadOnlyList<KeyUse> uses) => JsonSerializer.SerializeToUtf8Bytes(new Document(uses), s_options);

    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyList<KeyUse> Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<Document>(json, s_options)?.Keys ?? throw new JsonException("no list of keys");

    private sealed record Document(IReadOnlyList<KeyUse> Keys);
}
