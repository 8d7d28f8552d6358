using System.Text.Json;

namespace ECapture.Terminal.Remote;

/// <summary>Values of a change, checked; errors name the field.</summary>
internal static class JsonFields
{
    private const int MostEntries = 64;
    private const int LongestEntry = 4096;

    /// <summary>A whole number from 0.</summary>
    internal static ulong Number(JsonProperty field, ulong most, string path = "") =>
        field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt64(out long value)
            ? value >= 0 && (ulong)value <= most
                ? (ulong)value
                : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {path}{field.Name} must be from 0 to {most}", field.Name)
            : throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {path}{field.Name} must be a whole number", field.Name);

    /// <summary>True or false.</summary>
    internal static bool Boolean(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} must be true or false", field.Name),
    };

    /// <summary>A list of texts.</summary>
    internal static string[] Texts(JsonProperty field, string path)
    {
        string[] texts = [.. List(field, path, JsonValueKind.String, "texts").Select(t => t.GetString()!)];
        return texts.All(t => t.Length is > 0 and <= LongestEntry)
            ? texts
            : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {path}{field.Name}: each text must have 1 to {LongestEntry} characters", field.Name);
    }

    /// <summary>A list of whole numbers.</summary>
    internal static uint[] Numbers(JsonProperty field, string path, uint least, uint most)
    {
        JsonElement[] numbers = [.. List(field, path, JsonValueKind.Number, "whole numbers")];
        return [.. numbers.Select(n => n.TryGetUInt32(out uint number) && number >= least && number <= most
            ? number
            : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {path}{field.Name}: each number must be from {least} to {most}", field.Name))];
    }

    private static JsonElement.ArrayEnumerator List(JsonProperty field, string path, JsonValueKind kind, string what)
    {
        if (field.Value.ValueKind != JsonValueKind.Array || field.Value.EnumerateArray().Any(n => n.ValueKind != kind))
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {path}{field.Name} must be a list of {what}", field.Name);
        }

        return field.Value.GetArrayLength() <= MostEntries
            ? field.Value.EnumerateArray()
            : throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {path}{field.Name} must hold at most {MostEntries} entries", field.Name);
    }
}
