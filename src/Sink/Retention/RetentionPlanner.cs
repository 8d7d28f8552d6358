using ECapture.Events;
using ECapture.Policies;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Retention;

/// <summary>
/// Decides which partitions go: a function of what there is, what holds it, what the rules say, and the time. Whole partitions only, oldest first.
/// </summary>
public static class RetentionPlanner
{
    /// <summary>Secrets stay this much longer than the payload that they may open: a session may begin in one partition and go on in the next.</summary>
    public static readonly TimeSpan SecretMargin = TimeSpan.FromDays(1);

    private static readonly string[] s_payload = [Topics.Packet, Topics.Tls, Topics.GnuTls, Topics.Nss, Topics.GoTls];

    // What was done and who looked must not be pushed out by a flood of other things.
    private static readonly string[] s_notForSpace = [Topics.Control, Topics.Access];

    /// <summary>Decides.</summary>
    /// <param name="partitions">All partitions of the store.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="space">The volume; null: not known, so no rule about it applies.</param>
    /// <param name="now">The time.</param>
    /// <returns>A verdict for each partition; those to be dropped in the order in which they go, then the others from the oldest.</returns>
    public static IReadOnlyList<PartitionVerdict> Decide(IReadOnlyList<PartitionFacts> partitions, RetentionRules rules, StoreSpace? space, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        ArgumentNullException.ThrowIfNull(rules);
        PartitionFacts[] ordered =
        [
            .. partitions.OrderBy(p => p.Partition.Span.From).ThenBy(p => p.Partition.Table == Topics.Secret).ThenByDescending(p => p.Partition.Bytes)
                .ThenBy(p => p.Partition.Table, StringComparer.Ordinal),
        ];
        Dictionary<PartitionFacts, PartitionVerdict> verdicts = [];
        foreach (IGrouping<string, PartitionFacts> table in ordered.GroupBy(p => p.Partition.Table))
        {
            ByAge([.. table], rules.Of(table.Key), now, verdicts);
            ByBytes([.. table], rules.Of(table.Key), now, verdicts);
        }

        BySpace(ordered, rules.MinimumFree, space, now, verdicts);
        KeepSecrets(ordered, verdicts);
        return
        [
            .. ordered.Select(p => verdicts.GetValueOrDefault(p) ?? new PartitionVerdict(p, Verdict.Keep, "", "")).OrderBy(v => v.Verdict != Verdict.Drop),
        ];
    }

    private static void ByAge(PartitionFacts[] table, RetentionRule rule, DateTimeOffset now, Dictionary<PartitionFacts, PartitionVerdict> verdicts)
    {
        foreach (PartitionFacts p in table)
        {
            if (rule.Age is { } age && p.Partition.Span.To <= now - age)
            {
                Want(p, "age", $"older than {Units.DurationText(age)}", verdicts);
            }
        }
    }

    private static void ByBytes(PartitionFacts[] table, RetentionRule rule, DateTimeOffset now, Dictionary<PartitionFacts, PartitionVerdict> verdicts)
    {
        if (rule.Bytes is not { } limit)
        {
            return;
        }

        long left = table.Where(p => !IsDropped(p, verdicts)).Sum(p => p.Partition.Bytes);
        foreach (PartitionFacts p in table)
        {
            if (left <= limit)
            {
                return;
            }

            if (!verdicts.ContainsKey(p))
            {
                string because = $"the table has more than {Units.SizeText(limit)}";
                left -= IsOpen(p, now)
                    ? Refuse(p, Verdict.Open, "bytes", $"{because}, but this partition is still written to", verdicts)
                    : Want(p, "bytes", because, verdicts);
            }
        }
    }

    private static void BySpace(
        PartitionFacts[] ordered, FreeSpace? minimum, StoreSpace? space, DateTimeOffset now, Dictionary<PartitionFacts, PartitionVerdict> verdicts)
    {
        if (minimum is not { } least || space is null)
        {
            return;
        }

        long missing = least.Of(space.Total) - space.Free - ordered.Where(p => IsDropped(p, verdicts)).Sum(p => p.Partition.Bytes);
        foreach (PartitionFacts p in ordered)
        {
            if (missing <= 0)
            {
                return;
            }

            if (!verdicts.ContainsKey(p) && !IsOpen(p, now) && !s_notForSpace.Contains(p.Partition.Table))
            {
                missing -= Want(p, "space", $"the volume has less than {least} free", verdicts);
            }
        }
    }

    // After all others: what keeps payload, a hold for example, keeps the secrets that open it.
    private static void KeepSecrets(PartitionFacts[] ordered, Dictionary<PartitionFacts, PartitionVerdict> verdicts)
    {
        StoredPartition[] staying = [.. ordered.Where(p => !IsDropped(p, verdicts)).Select(p => p.Partition)];
        foreach (PartitionFacts secrets in ordered.Where(p => p.Partition.Table == Topics.Secret && IsDropped(p, verdicts)))
        {
            if (OpenedBy(secrets.Partition, staying) is { } kept)
            {
                PartitionVerdict wanted = verdicts[secrets];
                verdicts[secrets] = wanted with { Verdict = Verdict.KeptForPayload, Because = $"{wanted.Because}, but {kept} is kept, which its secrets may open" };
            }
        }
    }

    /// <summary>A partition with payload that the secrets of another may open.</summary>
    /// <param name="secrets">A partition.</param>
    /// <param name="staying">Those that stay.</param>
    /// <returns>Null when there is none, or the partition holds no secrets.</returns>
    internal static StoredPartition? OpenedBy(StoredPartition secrets, IEnumerable<StoredPartition> staying) => secrets.Table != Topics.Secret ? null
        : staying.FirstOrDefault(p => s_payload.Contains(p.Table) && p.Span.From < secrets.Span.To + SecretMargin && p.Span.To > secrets.Span.From);

    // Returns the bytes that this frees.
    private static long Want(PartitionFacts p, string rule, string because, Dictionary<PartitionFacts, PartitionVerdict> verdicts) => p.HeldBy.Count > 0
        ? Refuse(p, Verdict.Held, rule, $"{because}, but held by {string.Join(", ", p.HeldBy)}", verdicts)
        : Add(p, new PartitionVerdict(p, Verdict.Drop, rule, because), verdicts, p.Partition.Bytes);

    private static long Refuse(PartitionFacts p, Verdict verdict, string rule, string because, Dictionary<PartitionFacts, PartitionVerdict> verdicts) =>
        Add(p, new PartitionVerdict(p, verdict, rule, because), verdicts, 0);

    private static long Add(PartitionFacts p, PartitionVerdict verdict, Dictionary<PartitionFacts, PartitionVerdict> verdicts, long freed)
    {
        verdicts.Add(p, verdict);
        return freed;
    }

    private static bool IsDropped(PartitionFacts p, Dictionary<PartitionFacts, PartitionVerdict> verdicts) =>
        verdicts.GetValueOrDefault(p)?.Verdict == Verdict.Drop;

    private static bool IsOpen(PartitionFacts p, DateTimeOffset now) => p.Partition.Span.To > now;
}
