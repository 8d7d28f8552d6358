using ECapture.Policies;

namespace ECapture.Sink.Retention;

/// <summary>What retention follows.</summary>
/// <param name="Of">The rule of a table.</param>
/// <param name="MinimumFree">Space of the volume that stays free; null: no matter.</param>
public sealed record RetentionRules(Func<string, RetentionRule> Of, FreeSpace? MinimumFree)
{
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
            policy.Storage.MinimumFree);
    }
}
