using System.Collections;
using System.Text.Json;
using ECapture.Events;

namespace ECapture.Cli.Options;

/// <summary>
/// Values of options that were not given on the command line: environment (<c>ECAPTURE_PAYLOAD_LIMIT</c> for <c>--payload-limit</c>),
/// then the configuration file (<c>"payload-limit"</c>). Names that are no option are errors.
/// </summary>
internal sealed class Settings
{
    /// <summary>Read when <c>ECAPTURE_CONFIG</c> names no other file.</summary>
    internal const string DefaultFile = "/etc/ecapture/appsettings.json";

    private const string Prefix = "ECAPTURE_";

    // Variables that are no options: secrets never stand on a command line, and where native libraries are is a matter of the installation.
    private static readonly string[] s_otherVariables =
        ["ECAPTURE_CONFIG", "ECAPTURE_NATIVE", "ECAPTURE_CHDB", "ECAPTURE_STORE_PASSWORD", "ECAPTURE_KAFKA_PASSWORD",
            "ECAPTURE_KEY_PASSPHRASE"];

    private readonly Dictionary<string, string> _values = [];

    private Settings()
    {
    }

    /// <summary>The value of an option, or null.</summary>
    /// <param name="option">Its name without dashes in front.</param>
    internal string? Find(string option) => _values.GetValueOrDefault(option);

    /// <summary>Reads file and environment.</summary>
    /// <param name="options">All options' names without dashes in front.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <exception cref="UsageException">A name is no option's, or the file cannot be read.</exception>
    internal static Settings Load(IReadOnlyCollection<string> options, IDictionary environment)
    {
        Settings settings = new();
        string? named = environment["ECAPTURE_CONFIG"] as string;
        if (named is not null || File.Exists(DefaultFile))
        {
            settings.ReadFile(named ?? DefaultFile, options);
        }

        Dictionary<string, string> variables = options.ToDictionary(VariableName, o => o, StringComparer.Ordinal);
        foreach (DictionaryEntry entry in environment)
        {
            string variable = (string)entry.Key;
            if (!variable.StartsWith(Prefix, StringComparison.Ordinal) || s_otherVariables.Contains(variable))
            {
                continue;
            }

            if (!variables.TryGetValue(variable, out string? option))
            {
                throw Unknown($"environment variable {variable}", variable, variables.Keys.Concat(s_otherVariables));
            }

            settings._values[option] = entry.Value as string ?? "";
        }

        return settings;
    }

    private static string VariableName(string option) => Prefix + option.Replace('-', '_').ToUpperInvariant();

    private static UsageException Unknown(string what, string given, IEnumerable<string> candidates)
    {
        string? nearest = NearestName.Find(given, candidates);
        return new UsageException($"{what} is no setting of ecapture{(nearest is null ? "" : $"; did you mean {nearest}?")}");
    }

    private static string Text(string file, JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array when property.Value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            string.Join(',', property.Value.EnumerateArray().Select(v => v.GetString())),
        _ => throw new UsageException($"{file}: \"{property.Name}\" must be a text, a number, true, false or a list of texts"),
    };

    private void ReadFile(string file, IReadOnlyCollection<string> options)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UsageException($"{file}: must be one JSON object of options");
            }

            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!options.Contains(property.Name))
                {
                    throw Unknown($"{file}: \"{property.Name}\"", property.Name, options);
                }

                _values[property.Name] = Text(file, property);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"{file} cannot be read as configuration: {e.Message}");
        }
    }
}
