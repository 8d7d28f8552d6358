using System.Text.Json;
using System.Text.Json.Nodes;
using ECapture.Policies;

namespace ECapture.Cli.PolicyFiles;

/// <summary>Prints the policy in force.</summary>
/// <param name="policy">The policy.</param>
/// <param name="module">Only this module; null: all, and the volumes.</param>
internal sealed class PolicyListing(Policy policy, string? module)
{
    private static readonly JsonSerializerOptions s_format =
        new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>For people: a line for each setting.</summary>
    internal void WriteText(TextWriter output)
    {
        output.WriteLine(policy.File is { } file ? $"policy file {file}" : "no policy file: built-in policy");
        foreach (ModulePolicy shown in Shown())
        {
            output.WriteLine();
            output.WriteLine(shown.Module);
            Write(output, Settings(shown), shown.Sources);
        }

        if (module is null)
        {
            output.WriteLine();
            output.WriteLine("storage");
            Write(output, Settings(policy.Storage), policy.Storage.Sources);
        }

        foreach (string warning in policy.Warnings)
        {
            output.WriteLine();
            output.WriteLine($"warning: {warning}");
        }
    }

    /// <summary>For programs.</summary>
    internal void WriteJson(TextWriter output)
    {
        JsonObject modules = [];
        foreach (ModulePolicy shown in Shown())
        {
            JsonObject settings = Json(Settings(shown), shown.Sources);
            settings["redact"]!["value"] = new JsonArray([.. shown.Redact.Select(Json)]);
            settings["publishes_secrets"] = shown.PublishesSecrets;
            modules[shown.Module] = settings;
        }

        JsonObject root = new() { ["file"] = policy.File, ["modules"] = modules };
        if (module is null)
        {
            root["storage"] = Json(Settings(policy.Storage), policy.Storage.Sources);
        }

        root["warnings"] = new JsonArray([.. policy.Warnings.Select(w => JsonValue.Create(w))]);
        output.WriteLine(root.ToJsonString(s_format));
    }

    private static JsonObject Json(IEnumerable<(string Name, string Text, object? Value)> settings, IReadOnlyDictionary<string, PolicySource> sources)
    {
        JsonObject json = [];
        foreach ((string name, string _, object? value) in settings)
        {
            PolicySource source = sources.GetValueOrDefault(name);
            json[name] = new JsonObject
            {
                ["value"] = value is null ? null : JsonSerializer.SerializeToNode(value),
                ["source"] = source.IsFile ? "file" : "default",
                ["path"] = source.IsFile ? source.Path : null,
                ["line"] = source.IsFile ? source.Line : null,
            };
        }

        return json;
    }

    private static JsonNode Json(RedactionRule rule) =>
        rule.Pattern is null ? JsonValue.Create(rule.Name) : new JsonObject { ["name"] = rule.Name, ["pattern"] = rule.Pattern };

    private static void Write(
        TextWriter output, IEnumerable<(string Name, string Text, object? Value)> settings, IReadOnlyDictionary<string, PolicySource> sources)
    {
        foreach ((string name, string text, object? _) in settings)
        {
            output.WriteLine($"  {name,-18} {text,-24} {sources.GetValueOrDefault(name)}");
        }
    }

    private static IEnumerable<(string Name, string Text, object? Value)> Settings(ModulePolicy m)
    {
        yield return ("agent.keep", Units.SizeText(m.AgentKeep), m.AgentKeep);
        yield return ("sink.keep", Units.SizeText(m.SinkKeep), m.SinkKeep);
        yield return ("redact", m.Redact.Count == 0 ? "nothing" : string.Join(", ", m.Redact), null);
        if (m.Sources.ContainsKey("keys"))
        {
            yield return ("keys", m.Redact.Count == 0 ? "kept: not redacted" : m.KeepsKeys ? "keep" : "drop", m.PublishesSecrets ? "keep" : "drop");
        }

        yield return ("rotation", m.Rotation == Rotation.Hour ? "hour" : "day", m.Rotation == Rotation.Hour ? "hour" : "day");
        yield return ("retention.age", m.RetentionAge is { } age ? Units.DurationText(age) : "for ever", m.RetentionAge is { } a ? Units.DurationText(a) : null);
        yield return ("retention.bytes", m.RetentionBytes is { } bytes ? Units.SizeText(bytes) : "no limit", m.RetentionBytes);
        yield return ("archive", m.Archive ? "before it is dropped" : "no", m.Archive);
    }

    private static IEnumerable<(string Name, string Text, object? Value)> Settings(StoragePolicy s)
    {
        yield return ("minimum_free", s.MinimumFree?.ToString() ?? "no limit", s.MinimumFree?.ToString());
        yield return ("archive_directory", s.ArchiveDirectory ?? "DATA/archive", s.ArchiveDirectory);
        yield return ("log_bytes", s.LogBytes is { } bytes ? Units.SizeText(bytes) : "--log-limit", s.LogBytes);
        string? letters = s.DeadLetters?.Age is { } age ? Units.DurationText(age) : null;
        yield return ("dead_letters", letters ?? (s.DeadLetters is null ? "as their topic's events" : "for ever"), letters);
    }

    private IEnumerable<ModulePolicy> Shown() => policy.Modules.Where(m => module is null || m.Module == module);
}
