using ECapture.Events;

namespace ECapture.Policies.Reading;

/// <summary>Puts together what a module's section, the default section and the program say; checks what holds between settings.</summary>
internal sealed class EffectivePolicy(IReadOnlyDictionary<string, ModuleSection> sections, int payloadLimit, List<PolicyError> errors)
{
    private static readonly string[] s_tls = [Topics.Tls, Topics.GnuTls, Topics.GoTls, Topics.Nss];

    private static readonly string[] s_shells = [Topics.Bash, Topics.Zsh];

    // Topics whose payloads are not text of users: frames, keys, and what the program says of itself.
    private static readonly string[] s_notRedacted = [Topics.Packet, Topics.Secret, Topics.Http, Topics.Connection, Topics.Agent, Topics.Access, Topics.Control];
    private static readonly ModuleSection s_nothing = ModuleSection.Read(new Section(JsonTree.Read("{}"u8), "", []));
    private readonly ModuleSection _default = sections.GetValueOrDefault(PolicyReader.Default, s_nothing);

    internal ModulePolicy Of(string module)
    {
        ModuleSection own = sections.GetValueOrDefault(module, s_nothing);
        bool canRedact = !s_notRedacted.Contains(module);
        bool isTls = s_tls.Contains(module);
        if (!canRedact && own.Redact is { Value.Count: > 0 } redact)
        {
            Refuse(redact.Source, $"events of {module} cannot be redacted: overwritten frames and keys would be of no use, and the rest is no user's text");
        }

        if (module == Topics.Http && (own.AgentKeep ?? own.SinkKeep) is { } derived)
        {
            Refuse(derived.Source, $"{module} is made of plaintext as it is kept: say it of {string.Join(", ", s_tls)}");
        }

        if (!isTls && own.Keys is { } keys)
        {
            Refuse(keys.Source, $"{module} has no TLS keys: this stands in default, {string.Join(", ", s_tls)}");
        }

        if (module == Topics.Secret && own.RetentionBytes is { Value: not null } bytes)
        {
            Refuse(bytes.Source, "secrets are not dropped by size: they stay as long as the packets that they decrypt");
        }

        if (module == Topics.Secret && (own.AgentKeep ?? own.SinkKeep) is { } keep)
        {
            Refuse(keep.Source, "secrets are not cut: a part of one decrypts nothing");
        }

        Dictionary<string, PolicySource> sources = [];
        bool isSecret = module == Topics.Secret;
        bool isWhole = isSecret || module == Topics.Http; // neither is cut by what default says
        int agentKeep = (int)Pick("agent.keep", own.AgentKeep, isWhole ? null : _default.AgentKeep, payloadLimit)!.Value;
        int sinkKeep = (int)Pick("sink.keep", own.SinkKeep, isWhole ? null : _default.SinkKeep, agentKeep)!.Value;
        if (sinkKeep > agentKeep && (own.SinkKeep is not null || (own.AgentKeep is null && _default.AgentKeep is null)) && sources["sink.keep"] is var wrong)
        {
            Refuse(wrong, $"{Units.SizeText(sinkKeep)} is more than the agent keeps, {Units.SizeText(agentKeep)}: give at most that");
        }

        return new ModulePolicy
        {
            Module = module,
            AgentKeep = agentKeep,
            SinkKeep = Math.Min(sinkKeep, agentKeep),
            Redact = canRedact
                ? Pick("redact", own.Redact ?? (module == Topics.Process ? OfShells() : null), _default.Redact, [])
                : Pick("redact", own.Redact, null, []),
            KeepsKeys = isTls && Pick("keys", own.Keys, _default.Keys, "drop") == "keep",
            Rotation = Pick("rotation", own.Rotation, _default.Rotation, "day") == "hour" ? Rotation.Hour : Rotation.Day,
            RetentionAge = Pick("retention.age", own.RetentionAge ?? (module == Topics.Http ? OfPlaintext() : null), _default.RetentionAge, null),
            RetentionBytes = Pick("retention.bytes", own.RetentionBytes, isSecret ? null : _default.RetentionBytes, null),
            Archive = Pick("archive", own.Archive, _default.Archive, false),
            Sources = sources,
        };

        T Pick<T>(string name, Given<T>? mine, Given<T>? everybodys, T builtIn)
        {
            Given<T> picked = mine ?? everybodys ?? new Given<T>(builtIn, PolicySource.BuiltIn);
            sources[name] = picked.Source;
            return picked.Value;
        }
    }

    // What is made of plaintext goes with the first of it, unless it is said otherwise.
    private Given<TimeSpan?>? OfPlaintext() => s_tls
        .Select(s => sections.GetValueOrDefault(s, s_nothing).RetentionAge ?? _default.RetentionAge)
        .OfType<Given<TimeSpan?>>()
        .Where(age => age.Value is not null)
        .MinBy(age => age.Value);

    // What a shell's lines are rid of stands in the arguments of the programs that it starts, too.
    private Given<IReadOnlyList<RedactionRule>>? OfShells()
    {
        Given<IReadOnlyList<RedactionRule>>[] given =
            [.. s_shells.Select(s => sections.GetValueOrDefault(s, s_nothing).Redact).OfType<Given<IReadOnlyList<RedactionRule>>>().Where(r => r.Value.Count > 0)];
        return given.Length == 0
            ? null
            : new Given<IReadOnlyList<RedactionRule>>(
                [.. (_default.Redact?.Value ?? []).Concat(given.SelectMany(g => g.Value)).DistinctBy(r => r.Name)], given[0].Source);
    }

    /// <summary>Checks what holds between modules.</summary>
    internal void CheckAcross(IReadOnlyList<ModulePolicy> modules)
    {
        ModulePolicy secret = modules.Single(m => m.Module == Topics.Secret);
        if (secret.RetentionAge is not { } age)
        {
            return;
        }

        ModulePolicy longest = modules.Where(m => m.Module == Topics.Packet || s_tls.Contains(m.Module)).MaxBy(m => m.RetentionAge ?? TimeSpan.MaxValue)!;
        if ((longest.RetentionAge ?? TimeSpan.MaxValue) > age)
        {
            PolicySource source = secret.Sources["retention.age"];
            string inherited = source.Path.StartsWith("modules.secret", StringComparison.Ordinal) ? "" : $" (from {source.Path})";
            string needed = longest.RetentionAge is { } longer ? $"at least {Units.DurationText(longer)}" : "null (for ever)";
            errors.Add(new PolicyError(
                source.Line, "modules.secret.retention.age",
                $"{Units.DurationText(age)}{inherited} is shorter than that of {longest.Module}, whose events need their secrets: give {needed}"));
        }
    }

    /// <summary>What is allowed but should be known.</summary>
    internal static IReadOnlyList<string> Warnings(IReadOnlyList<ModulePolicy> modules) =>
    [
        .. modules.Where(m => m.KeepsKeys && m.Redact.Count > 0).Select(static m =>
            $"{m.Module}: keys are kept although its plaintext is redacted ({string.Join(", ", m.Redact.Select(r => r.Name))}): whoever has packets and secrets reads what was redacted"),
    ];

    private void Refuse(PolicySource source, string message) => errors.Add(new PolicyError(Math.Max(1, source.Line), source.Path, message));
}
