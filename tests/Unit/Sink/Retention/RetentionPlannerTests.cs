using ECapture.Events;
using ECapture.Policies;
using ECapture.Sink.Retention;
using ECapture.Storage.Partitions;

namespace ECapture.Tests.Unit.Sink.Retention;

public sealed class RetentionPlannerTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly RetentionRule s_forever = new(null, null, false);

    [Fact]
    public void Decide_NoRules_KeepsEverything() =>
        Assert.All(Decide([Part(Topics.Tls, 400), Part(Topics.Secret, 400)], _ => s_forever), v => Assert.Equal(Verdict.Keep, v.Verdict));

    [Fact]
    public void Decide_Age_DropsWhatIsOlderAsAWhole()
    {
        // Day 20 ends 19.5 days ago.
        IReadOnlyList<PartitionVerdict> verdicts = Decide(
            [Part(Topics.Bash, 19), Part(Topics.Bash, 20), Part(Topics.Bash, 21)], _ => new RetentionRule(TimeSpan.FromDays(19.5), null, false));

        Assert.Equal(["20261030", "20261031"], Dropped(verdicts)); // the day that ended 19.5 days ago, and the one before
        Assert.All(verdicts.Where(v => v.Verdict == Verdict.Drop), v => Assert.Equal("age", v.Rule));
    }

    [Fact]
    public void Decide_Bytes_DropsTheOldestUntilTheTableFits()
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide(
            [Part(Topics.Bash, 1, 400), Part(Topics.Bash, 3, 300), Part(Topics.Bash, 2, 200), Part(Topics.Tls, 9, 5000)],
            t => t == Topics.Bash ? new RetentionRule(null, 600, false) : s_forever);

        Assert.Equal(["20261117"], Dropped(verdicts));
    }

    [Fact]
    public void Decide_BytesAndThePartitionOfNow_IsNeverDropped()
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide([Part(Topics.Bash, 0, 900), Part(Topics.Bash, 1, 10)], _ => new RetentionRule(null, 5, false));

        Assert.Equal(["20261119"], Dropped(verdicts));
        Assert.Equal(Verdict.Open, verdicts.Single(v => v.Facts.Partition.Span.Name == "20261120").Verdict);
    }

    [Fact]
    public void Decide_BytesAndAHold_TakesTheNextOldestInstead()
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide(
            [Part(Topics.Bash, 3, 300, "case-7"), Part(Topics.Bash, 2, 300), Part(Topics.Bash, 1, 300)], _ => new RetentionRule(null, 600, false));

        Assert.Equal(["20261118"], Dropped(verdicts));
        PartitionVerdict held = verdicts.Single(v => v.Verdict == Verdict.Held);
        Assert.Contains("case-7", held.Because, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_AgeAndAHold_Keeps() =>
        Assert.Empty(Dropped(Decide([Part(Topics.Bash, 300, 1, "a", "b")], _ => new RetentionRule(TimeSpan.FromDays(1), null, false))));

    [Fact]
    public void Decide_Space_DropsTheOldestOfAllTablesUntilEnoughIsFree()
    {
        PartitionFacts[] parts = [Part(Topics.Packet, 1, 500), Part(Topics.Tls, 4, 100), Part(Topics.Packet, 4, 300), Part(Topics.Bash, 3, 200), Part(Topics.Control, 9, 900), Part(Topics.Access, 9, 900)];

        IReadOnlyList<PartitionVerdict> verdicts = Decide(parts, _ => s_forever, new FreeSpace(10, 0), new StoreSpace(650, 10_000, "v"));

        Assert.Equal([("packet", "space"), ("tls", "space")], verdicts.Where(v => v.Verdict == Verdict.Drop).Select(v => (v.Facts.Partition.Table, v.Rule)));
    }

    [Fact]
    public void Decide_SpaceThatAgeFreesAlready_DropsNothingMore()
    {
        PartitionFacts[] parts = [Part(Topics.Packet, 40, 500), Part(Topics.Packet, 4, 500)];

        IReadOnlyList<PartitionVerdict> verdicts = Decide(parts, _ => new RetentionRule(TimeSpan.FromDays(30), null, false), new FreeSpace(null, 1000), new StoreSpace(500, 10_000, "v"));

        Assert.Equal("age", Assert.Single(verdicts, v => v.Verdict == Verdict.Drop).Rule);
    }

    [Fact]
    public void Decide_SpaceIsNotKnown_DropsNothing() =>
        Assert.Empty(Dropped(Decide([Part(Topics.Packet, 40, 500)], _ => s_forever, new FreeSpace(50, 0), null)));

    [Theory]
    [InlineData(Topics.Packet, 10, false)] // the same day
    [InlineData(Topics.Tls, 9, false)] // the next day: a session goes on
    [InlineData(Topics.GoTls, 8, true)]
    [InlineData(Topics.Packet, 11, true)]
    [InlineData(Topics.Bash, 10, true)]
    public void Decide_SecretsOfKeptPayload_StayAsLongAsIt(string payload, int daysAgo, bool isDropped)
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide(
            [Part(Topics.Secret, 10), Part(payload, daysAgo)], t => t == Topics.Secret ? new RetentionRule(TimeSpan.FromDays(2), null, false) : s_forever);

        Assert.Equal(isDropped ? Verdict.Drop : Verdict.KeptForPayload, verdicts.Single(v => v.Facts.Partition.Table == Topics.Secret).Verdict);
    }

    [Fact]
    public void Decide_HeldPackets_KeepTheirSecrets()
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide([Part(Topics.Secret, 10), Part(Topics.Packet, 10, 1, "case-7")], _ => new RetentionRule(TimeSpan.FromDays(2), null, false));

        Assert.Empty(Dropped(verdicts));
    }

    [Fact]
    public void Decide_PayloadAndSecretsGoTogether_SecretsLast()
    {
        IReadOnlyList<PartitionVerdict> verdicts = Decide([Part(Topics.Secret, 10), Part(Topics.Packet, 10)], _ => new RetentionRule(TimeSpan.FromDays(2), null, false));

        Assert.Equal(["packet", "secret"], verdicts.Where(v => v.Verdict == Verdict.Drop).Select(v => v.Facts.Partition.Table));
    }

    private static IReadOnlyList<PartitionVerdict> Decide(
        IReadOnlyList<PartitionFacts> parts, Func<string, RetentionRule> rules, FreeSpace? minimum = null, StoreSpace? space = null) =>
        RetentionPlanner.Decide(parts, new RetentionRules(rules, minimum), space, s_now);

    private static string[] Dropped(IEnumerable<PartitionVerdict> verdicts) => [.. verdicts.Where(v => v.Verdict == Verdict.Drop).Select(v => v.Facts.Partition.Span.Name)];

    private static PartitionFacts Part(string table, int daysAgo, long bytes = 100, params string[] heldBy) =>
        new(new StoredPartition(table, PartitionSpan.Of(s_now.AddDays(-daysAgo), PartitionUnit.Day), 10, bytes), heldBy);
}
