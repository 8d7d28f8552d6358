using System.Text.Json;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Holds;
using ECapture.Sink.Reconcile;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Tests.Integration.Sink.Operations;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Retention;

/// <summary>Dead letters and accounts leave by rule, and reconcile stays equal, also when who did it died in the middle.</summary>
public sealed class BooksTests(StoresFixture stores)
{
    private const int Events = 60;
    private const int Letters = 5;

    private static readonly TopicPartition s_tls = new(Topics.Tls, 0);
    private static readonly RetentionRule s_rule = new(TimeSpan.FromDays(20), null, false);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_OldDeadLettersAndAccounts_LeaveCountedUnlessHeld(StoreKind kind)
    {
        await using KeptStore kept = await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
        await FillAsync(kept);
        long batches = await BatchesAsync(kept);
        Assert.True(batches > 5, $"{batches} batches");
        Assert.Equal((Events, Letters, 0), await ReconcileAsync(kept));
        kept.Clock.Now = DateTimeOffset.UtcNow.AddDays(6); // rows, letters and accounts are younger than any rule here
        Assert.Empty((await kept.Keeper(new RetentionRule(TimeSpan.FromDays(400), null, false)).ApplyAsync(false, "tester", Cancel)).Failed);
        Assert.Equal(batches, await BatchesAsync(kept));
        Assert.Equal((Events, Letters, 0), await ReconcileAsync(kept));

        kept.Clock.Now = DateTimeOffset.UtcNow.AddDays(30);
        StoreKeeper keeper = kept.Keeper(s_rule);
        await keeper.AddHoldAsync(new LegalHold { Name = "case-3", Reason = "court", Processes = ["curl"], Modules = [Topics.Tls] }, Cancel);
        RetentionResult held = await keeper.ApplyAsync(false, "tester", Cancel);
        Assert.Empty(held.Failed);
        Assert.Equal(Letters, await ListedAsync(kept));
        Assert.Equal((Events, Letters, 0), await ReconcileAsync(kept));
        long left = await BatchesAsync(kept);
        Assert.True(left <= 3, $"{left} rows of accounts, of {batches} batches"); // one or two days, and the last batch

        await keeper.ReleaseHoldAsync("case-3", "bob", Cancel);
        for (int i = 0; i < 2; i++)
        {
            Assert.Empty((await kept.Keeper(s_rule).ApplyAsync(false, "tester", Cancel)).Failed);
            Assert.Equal(0, await ListedAsync(kept));
            Assert.Equal((0, 0, Events + Letters), await ReconcileAsync(kept));
            Assert.Equal("0", (await kept.QueryAsync("SELECT toString(count()) FROM dead_letter", "SELECT count(*)::text FROM dead_letter"))[0]);
        }

        Assert.Equal($"tls/0 of log {kept.Log.Id}", Assert.Single(kept.Journal.Controls, c => c.Action == "retention.dead_letters").Subject);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_WhatWasCountedIsStillThere_CountsOnceAndGoes(StoreKind kind)
    {
        await using KeptStore kept = await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
        await FillAsync(kept);
        kept.Clock.Now = DateTimeOffset.UtcNow.AddDays(30);
        Assert.Empty((await kept.Keeper(s_rule).ApplyAsync(false, "tester", Cancel)).Failed);
        Assert.Equal((0, 0, Events + Letters), await ReconcileAsync(kept));

        // As it is when the keeper dies between counting and taking away, or a sink runs a batch again.
        await ExecuteAsync(
            kept,
            $"INSERT INTO dead_letter (topic, log_partition, log_offset, at, error, event, log, kind) VALUES ('tls', 0, 0, now64(3), 'back', 'x', '{kept.Log.Id}', 'undecodable')",
            $"INSERT INTO dead_letter (topic, log_partition, log_offset, at, error, event, log, kind) VALUES ('tls', 0, 0, now(), 'back', 'x', '{kept.Log.Id}', 'undecodable')");
        string account = "INSERT INTO sink_account (log, topic, log_partition, from_offset, to_offset, hour, records, events, duplicates, dead_letters, gap, at) "
            + $"SELECT log, topic, log_partition, from_offset + 1, to_offset - 1, hour, records, events, duplicates, dead_letters, gap, at FROM sink_account WHERE batches > 1 AND log = '{kept.Log.Id}'";
        await ExecuteAsync(kept, account, account);
        long rows = await BatchesAsync(kept);

        Assert.Equal(0, await ListedAsync(kept));
        Assert.Equal((0, 0, Events + Letters), await ReconcileAsync(kept));
        Assert.Empty((await kept.Keeper(s_rule).ApplyAsync(false, "tester", Cancel)).Failed);
        Assert.Equal("0", (await kept.QueryAsync("SELECT toString(count()) FROM dead_letter", "SELECT count(*)::text FROM dead_letter"))[0]);
        Assert.True(await BatchesAsync(kept) < rows, "what was added up is still there by itself");
        Assert.Equal((0, 0, Events + Letters), await ReconcileAsync(kept));
    }

    private static async Task FillAsync(KeptStore kept)
    {
        for (int i = 0; i < Letters; i++)
        {
            kept.Log.Append(s_tls, [0xFF, 0xFF, (byte)i]);
            kept.Append(Topics.Tls, KeptStore.Today.AddDays(-9).AddHours(i % 2), Events / Letters);
        }

        await using SinkRun sink = new(kept.Log, kept.Store, batchRows: 7, recordsPerDelivery: 7);
        await sink.WaitDrainedAsync(Cancel);
        await sink.StopAsync();
    }

    private static async Task<(long Rows, long Dead, long Expired)> ReconcileAsync(KeptStore kept)
    {
        OperationRun run = await OperationRun.RunAsync(ReconcileOperation.RunAsync, kept.Store, null, ("json", "true"));
        Assert.True(run.ExitCode == 0, run.Report);
        JsonElement[] lines = [.. run.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("topic", out _))];
        Assert.Equal(Events + Letters, lines.Sum(line => line.GetProperty("offsets").GetInt64()));
        return (Sum("rows"), Sum("dead_letters"), Sum("expired"));

        long Sum(string name) => lines.Sum(line => line.GetProperty(name).GetInt64());
    }

    private static async Task<int> ListedAsync(KeptStore kept) =>
        (await OperationRun.RunAsync(DeadLetterOperations.ListAsync, kept.Store, null, ("json", "true"))).Lines.Length;

    private static async Task<long> BatchesAsync(KeptStore kept) => long.Parse(
        (await kept.QueryAsync(
            "SELECT toString(uniqExact(from_offset, to_offset)) FROM sink_account WHERE topic = 'tls'",
            "SELECT count(DISTINCT (from_offset, to_offset))::text FROM sink_account WHERE topic = 'tls'"))[0],
        System.Globalization.CultureInfo.InvariantCulture);

    private Task ExecuteAsync(KeptStore kept, string clickHouse, string postgres) => stores.ExecuteAsync(kept.Store, clickHouse, postgres);
}
