using ECapture.Policies;

namespace ECapture.Sink.Retention;

/// <summary>What retention follows.</summary>
/// <param name="Of">The rule of a table.</param>
/// <param name="MinimumFree">Space of the volume that stays free; null: no matter.</param>
public sealed record RetentionRules(Func<string, RetentionRule> Of, FreeSpace? MinimumFree)
{
    /// <summary>Age at which dead letters of a topic go; null: never. Unless it is said otherwise that of the topic's events.</summary>
    public Func<string, TimeSpan?> LettersOf { get; init; } = topic => Of(topic).Age;

    /// <summary>Everything is kept for ever.</summary>
    public static RetentionRules None { get; } = new(_ => new RetentionRule(null, null, false), null);

    /// <summary>The rules of a policy.</summary>
    public static RetentionRules From(Policy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new RetentionRules(
            table =>
            {
                ModulePolicy module = policy.For(table);
                return new RetentionRule(module.RetentionAge, module.RetentionBytes, module.Archive);
            },
            policy.Storage.MinimumFree)
        {
            LettersOf = topic => policy.Storage.DeadLetters is { } given ? given.Age : policy.For(topic).RetentionAge,
        };
    }
}
