using System.Collections;
using System.Text.Json;
using ECapture.Cli.Commands;
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
            "ECAPTURE_KEY_PASSPHRASE", "ECAPTURE_ECAPTUREQ_TOKEN", "ECAPTURE_LISTEN_TOKEN", .. ServiceAccess.Variables];

    private readonly Dictionary<string, string> _values = [];

    private Settings()
    {
    }

    private readonly List<string> _errors = [];

    /// <summary>What cannot be used: names that are no option, a file that cannot be read.</summary>
    internal IReadOnlyList<string> Errors => _errors;

    /// <summary>The value of an option, or null.</summary>
    /// <param name="option">Its name without dashes in front.</param>
    internal string? Find(string option) => _values.GetValueOrDefault(option);

    /// <summary>Reads file and environment.</summary>
    /// <param name="options">All options' names without dashes in front.</param>
    /// <param name="environment">The environment's variables.</param>
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
                settings._errors.Add(Unknown($"environment variable {variable}", variable, variables.Keys.Concat(s_otherVariables)));
                continue;
            }

            settings._values[option] = entry.Value as string ?? "";
        }

        return settings;
    }

    private static string VariableName(string option) => Prefix + option.Replace('-', '_').ToUpperInvariant();

    private static string Unknown(string what, string given, IEnumerable<string> candidates)
    {
        string? nearest = NearestName.Find(given, candidates);
        return $"{what} is no setting of ecapture{(nearest is null ? "" : $"; did you mean {nearest}?")}";
    }

    private static string? Text(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array when property.Value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            string.Join(',', property.Value.EnumerateArray().Select(v => v.GetString())),
        _ => null,
    };

    private void ReadFile(string file, IReadOnlyCollection<string> options)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                _errors.Add($"{file}: must be one JSON object of options");
                return;
            }

            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!options.Contains(property.Name))
                {
                    _errors.Add(Unknown($"{file}: \"{property.Name}\"", property.Name, options));
                }
                else if (Text(property) is { } text)
                {
                    _values[property.Name] = text;
                }
                else
                {
                    _errors.Add($"{file}: \"{property.Name}\" must be a text, a number, true, false or a list of texts");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            _errors.Add($"{file} cannot be read as configuration: {e.Message}");
        }
    }
}
