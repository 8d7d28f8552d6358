using System.Text.Json;
using System.Text.Json.Serialization;

namespace ECapture.Query.Releases;

/// <summary>The form in which services and commands exchange <see cref="KeyRelease"/>.</summary>
internal static class ReleaseJson
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static byte[] Write(IReadOnlyList<KeyRelease> releases) => JsonSerializer.SerializeToUtf8Bytes(new Document(releases), s_options);

    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyList<KeyRelease> Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<Document>(json, s_options)?.Releases is { } releases && releases.All(r => r is not null)
            ? [.. releases.OfType<KeyRelease>()]
            : throw new JsonException("no list of releases");

    private sealed record Document(IReadOnlyList<KeyRelease?> Releases);
}
