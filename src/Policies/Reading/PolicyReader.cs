using System.Text.Json;
using ECapture.Events;

namespace ECapture.Policies.Reading;

/// <summary>Reads a policy file and collects every error in it.</summary>
internal static class PolicyReader
{
    internal const string Default = "default";

    internal static PolicyReading Read(ReadOnlySpan<byte> json, string? file, int payloadLimit)
    {
        List<PolicyError> errors = [];
        JsonTree tree;
        try
        {
            tree = JsonTree.Read(json);
        }
        catch (JsonException e)
        {
            // The library's message repeats the position, in its own words and from 0.
            string what = e.Message.Split(" LineNumber:")[0].TrimEnd('.');
            return new PolicyReading(null, [new PolicyError((int)(e.LineNumber ?? 0) + 1, "", $"is no JSON: {what}")]);
        }

        if (tree.Kind != JsonValueKind.Object)
        {
            return new PolicyReading(null, [new PolicyError(tree.Line, "", $"{tree.Shown} is no policy: it is one object with \"modules\" and \"storage\"")]);
        }

        Section root = new(tree, "", errors);
        Dictionary<string, ModuleSection> sections = Modules(root.Object("modules"));
        StoragePolicy storage = Storage(root.Object("storage"));
        root.RefuseOthers();

        EffectivePolicy effective = new(sections, payloadLimit, errors);
        List<ModulePolicy> modules = [.. Topics.All.Select(effective.Of)];
        effective.CheckAcross(modules);
        return errors.Count > 0
            ? new PolicyReading(null, [.. errors.Distinct().OrderBy(e => e.Line)])
            : new PolicyReading(new Policy(file, modules, storage, EffectivePolicy.Warnings(modules)), []);
    }

    private static Dictionary<string, ModuleSection> Modules(Section? modules)
    {
        Dictionary<string, ModuleSection> sections = new(StringComparer.Ordinal);
        foreach (string name in (string[])[Default, .. Topics.All])
        {
            if (modules?.Object(name) is { } section)
            {
                sections[name] = ModuleSection.Read(section);
            }
        }

        modules?.RefuseOthers("module");
        return sections;
    }

    private static StoragePolicy Storage(Section? section)
    {
        Given<FreeSpace>? free = section is null ? null : MinimumFree(section);
        Given<string>? archive = section is null ? null : ArchiveDirectory(section);
        Given<long?>? log = section?.Size("log_bytes", 16L << 20, 1L << 50, orNull: false, "500MiB, 8GiB");
        Given<TimeSpan?>? letters = section?.Duration("dead_letters", ModuleSection.ShortestAge, ModuleSection.LongestAge, "36h, 90d");
        section?.RefuseOthers();
        return new StoragePolicy
        {
            MinimumFree = free?.Value,
            ArchiveDirectory = archive?.Value,
            LogBytes = log?.Value,
            DeadLetters = letters is null ? null : new LetterAge(letters.Value),
            Sources = new Dictionary<string, PolicySource>
            {
                ["minimum_free"] = free?.Source ?? PolicySource.BuiltIn,
                ["archive_directory"] = archive?.Source ?? PolicySource.BuiltIn,
                ["log_bytes"] = log?.Source ?? PolicySource.BuiltIn,
                ["dead_letters"] = letters?.Source ?? PolicySource.BuiltIn,
            },
        };
    }

    private static Given<FreeSpace>? MinimumFree(Section section)
    {
        const string Name = "minimum_free";
        if (section.Find(Name) is not { Value: { Kind: JsonValueKind.String } value } member || !value.Text.EndsWith('%'))
        {
            return section.Size(Name, 1 << 20, 1L << 50, orNull: false, "10%, 20GiB") is { Value: { } bytes } given
                ? new Given<FreeSpace>(new FreeSpace(null, bytes), given.Source)
                : null;
        }

        if (int.TryParse(value.Text.AsSpan(..^1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int percent)
            && percent is >= 1 and <= 90)
        {
            return new Given<FreeSpace>(new FreeSpace(percent, 0), section.Source(member));
        }

        section.Error(value.Line, Name, $"{value.Shown} is not from 1% to 90%");
        return null;
    }

    private static Given<string>? ArchiveDirectory(Section section)
    {
        const string Name = "archive_directory";
        if (section.Find(Name) is not { } member)
        {
            return null;
        }

        if (member.Value.Kind == JsonValueKind.String && Path.IsPathFullyQualified(member.Value.Text) && !member.Value.Text.Contains('\0', StringComparison.Ordinal))
        {
            return new Given<string>(Path.GetFullPath(member.Value.Text), section.Source(member));
        }

        section.Error(member.Value.Line, Name, $"{member.Value.Shown} is no absolute path; give e.g. /var/lib/ecapture/archive");
        return null;
    }
}
