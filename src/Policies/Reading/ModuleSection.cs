using System.Text.Json;

namespace ECapture.Policies.Reading;

/// <summary>What the file says of one module, or of all (<c>default</c>). What it does not say is null.</summary>
internal sealed class ModuleSection
{
    internal static readonly TimeSpan ShortestAge = TimeSpan.FromHours(1);
    internal static readonly TimeSpan LongestAge = TimeSpan.FromDays(36_500);

    internal Given<long?>? AgentKeep { get; private init; }

    internal Given<long?>? SinkKeep { get; private init; }

    internal Given<IReadOnlyList<RedactionRule>>? Redact { get; private init; }

    internal Given<string>? Keys { get; private init; }

    internal Given<string>? Rotation { get; private init; }

    internal Given<TimeSpan?>? RetentionAge { get; private init; }

    internal Given<long?>? RetentionBytes { get; private init; }

    internal Given<bool>? Archive { get; private init; }

    internal static ModuleSection Read(Section section)
    {
        ModuleSection result = new()
        {
            AgentKeep = Keep(section, "agent"),
            SinkKeep = Keep(section, "sink"),
            Redact = Rules(section),
            Keys = section.Choice("keys", "drop", "keep"),
            Rotation = section.Choice("rotation", "day", "hour"),
            RetentionAge = Retention(section, s => s.Duration("age", ShortestAge, LongestAge, "36h, 90d")),
            RetentionBytes = Retention(section, s => s.Size("bytes", 1 << 20, 1L << 50, orNull: true, "500MiB, 50GiB"), refuse: true),
            Archive = section.Switch("archive"),
        };
        section.RefuseOthers();
        return result;
    }

    private static Given<long?>? Keep(Section section, string name)
    {
        Section? inner = section.Object(name);
        Given<long?>? keep = inner?.Size("keep", 0, Policy.LargestKeep, orNull: false, "4096, 64KiB");
        inner?.RefuseOthers();
        return keep;
    }

    // Both settings stand in one object, which is looked at once for each; errors of the object itself come from the first look.
    private static Given<T>? Retention<T>(Section section, Func<Section, Given<T>?> read, bool refuse = false)
    {
        if (refuse && section.Find("retention") is { Value.Kind: not JsonValueKind.Object })
        {
            return null;
        }

        Section? inner = section.Object("retention");
        Given<T>? value = inner is null ? null : read(inner);
        if (refuse && inner is not null)
        {
            _ = inner.Find("age");
            inner.RefuseOthers();
        }

        return value;
    }

    private static Given<IReadOnlyList<RedactionRule>>? Rules(Section section)
    {
        if (section.Find("redact") is not { } member)
        {
            return null;
        }

        if (member.Value.Kind != JsonValueKind.Array)
        {
            section.Error(member.Value.Line, "redact", $"{member.Value.Shown} is no list of rules; give e.g. [\"card-number\"], or [] for none");
            return null;
        }

        List<RedactionRule> rules = RuleList.Read(section, member.Value.Items);
        return new Given<IReadOnlyList<RedactionRule>>(rules, section.Source(member));
    }
}
