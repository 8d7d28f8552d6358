namespace ECapture.Policies;

/// <summary>The policy in force for one module, which is one topic and one table.</summary>
public sealed record ModulePolicy
{
    /// <summary>Short topic name, see <see cref="Events.Topics"/>.</summary>
    public required string Module { get; init; }

    /// <summary>Most bytes of a payload that the agent writes to the log.</summary>
    public required int AgentKeep { get; init; }

    /// <summary>Most bytes of a payload that the sink stores; not above <see cref="AgentKeep"/>.</summary>
    public required int SinkKeep { get; init; }

    /// <summary>What is overwritten before the local log; empty: nothing.</summary>
    public required IReadOnlyList<RedactionRule> Redact { get; init; }

    /// <summary>True when the secrets of this module's connections are published although it is redacted (<c>"keys": "keep"</c>).</summary>
    public required bool KeepsKeys { get; init; }

    /// <summary>How much time a partition of the table covers.</summary>
    public required Rotation Rotation { get; init; }

    /// <summary>Age at which events may be dropped; null: never by age.</summary>
    public required TimeSpan? RetentionAge { get; init; }

    /// <summary>Bytes in the store above which the oldest partitions may be dropped; null: never by size. Always null for <c>secret</c>.</summary>
    public required long? RetentionBytes { get; init; }

    /// <summary>True when a partition is exported before it is dropped.</summary>
    public required bool Archive { get; init; }

    /// <summary>Where each setting comes from, by its name in the file: <c>agent.keep</c>, <c>retention.age</c> …</summary>
    public required IReadOnlyDictionary<string, PolicySource> Sources { get; init; }

    /// <summary>True when TLS secrets of this module's connections may be published.</summary>
    public bool PublishesSecrets => Redact.Count == 0 || KeepsKeys;
}
