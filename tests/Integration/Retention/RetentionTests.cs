using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Sink.Holds;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;
using ECapture.Tests.Integration.Storage;
using Npgsql;

namespace ECapture.Tests.Integration.Retention;

public sealed class RetentionTests(StoresFixture stores)
{
    private static readonly RetentionRule s_oneDay = new(TimeSpan.FromDays(1), null, false);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateTimeOffset Day(int before) => KeptStore.Today.AddDays(-before);

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_PartitionIsOlderThanItsAge_IsDroppedCountedAndRecorded(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Bash, Day(5), 40);
        kept.Append(Topics.Bash, Day(2).AddHours(11).AddMinutes(58), 240); // over a midnight
        kept.Append(Topics.Bash, Day(0), 20);
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Bash);

        RetentionResult dry = await kept.Keeper(s_oneDay).ApplyAsync(isDryRun: true, "tester", Cancel);
        Assert.Equal(before, await kept.RowsAsync(Topics.Bash));
        Assert.Empty(kept.Journal.Controls);
        RetentionResult result = await kept.Keeper(s_oneDay).ApplyAsync(isDryRun: false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Equal(["20261115", "20261118"], result.Dropped.Select(p => p.Partition));
        Assert.Equal(dry.Dropped.Select(p => p.Partition), result.Dropped.Select(p => p.Partition));
        List<string> after = await kept.RowsAsync(Topics.Bash);
        Assert.Equal(before[^after.Count..], after);
        Assert.Equal(before.Count - after.Count, await kept.ExpiredAsync(Topics.Bash));
        Assert.Equal(40 + 120, before.Count - after.Count);
        Assert.All(kept.Journal.Controls, c => Assert.Equal(("retention.drop", "tester"), (c.Action, c.Actor)));
        Assert.Equal([("bash/20261115", 40ul), ("bash/20261118", 120ul)], kept.Journal.Controls.Select(c => (c.Subject, c.Rows)));
        List<string> hours = await kept.QueryAsync(
            "SELECT concat(toString(hour), ' ', toString(rows)) FROM expired WHERE part = '20261118'", "SELECT concat_ws(' ', hour, rows) FROM expired WHERE part = '20261118'");
        Assert.Equal($"{(Day(2).AddHours(11) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerHour} 120", Assert.Single(hours));
    }

    [Fact]
    public async Task List_PartitionIsDroppedMeanwhile_IsLeftOut()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Bash, Day(2), 1);
        kept.Append(Topics.Bash, Day(0), 1);
        await kept.SinkAsync();
        PartitionStore partitions = PartitionStore.Of(kept.Store);
        StoredPartition oldest = (await partitions.ListAsync(Cancel)).First(p => p.Table == Topics.Bash);
        await using NpgsqlConnection dropper = await ((PostgresStore)kept.Store).DataSource.OpenConnectionAsync(Cancel);
        await using NpgsqlTransaction drop = await dropper.BeginTransactionAsync(Cancel);
        await using NpgsqlCommand order = new($"DROP TABLE \"{PostgresPartitions.TableOf(oldest.Table, oldest.Span)}\"", dropper);
        await order.ExecuteNonQueryAsync(Cancel);

        Task<IReadOnlyList<StoredPartition>> listing = partitions.ListAsync(Cancel); // sees the table, and waits for its lock
        await using NpgsqlCommand waiting = new(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", dropper);
        while ((long)(await waiting.ExecuteScalarAsync(Cancel))! == 0)
        {
            Assert.False(listing.IsCompleted, "the listing did not wait for the one that drops");
            await Task.Delay(20, Cancel);
        }

        await drop.CommitAsync(Cancel);

        IReadOnlyList<StoredPartition> left = await listing;
        Assert.DoesNotContain(left, p => p.Table == oldest.Table && p.Span == oldest.Span);
        Assert.Contains(left, p => p.Table == Topics.Bash);
    }

    // A keeper that was stopped for longer than its lease wakes up in the middle of a drop: by then somebody may hold what it drops.
    [Fact]
    public async Task Drop_LeaseIsLostInTheMove_CountsNothingAndAHoldFindsTheRows()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.ClickHouse);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Tls);
        PartitionStore partitions = PartitionStore.Of(kept.Store);
        StoredPartition partition = Assert.Single(await partitions.ListAsync(Cancel), p => p.Table == Topics.Tls);
        DropOrder order = new(Topics.Tls, partition.Span, Guid.CreateVersion7(), "age", "", null);

        await Assert.ThrowsAsync<StoreException>(() => partitions.DropAsync(new LeaseOfOne(), order, Cancel));

        Assert.False(await partitions.HasExpiredAsync(order.Action, Cancel));
        await kept.Keeper(s_oneDay).AddHoldAsync(new LegalHold { Name = "case-7", Reason = "late", Modules = [Topics.Tls] }, Cancel);
        Assert.Equal(before, await kept.RowsAsync(Topics.Tls));
        Assert.Empty((await kept.Keeper(s_oneDay).ApplyAsync(isDryRun: false, "tester", Cancel)).Dropped);
        Assert.Equal(0, await kept.ExpiredAsync(Topics.Tls));
    }

    /// <summary>A lease that is there once, and lost then.</summary>
    private sealed class LeaseOfOne : IStoreLease
    {
        private bool _isLost;

        public Task RequireAsync(CancellationToken cancellationToken)
        {
            bool wasLost = _isLost;
            _isLost = true;
            return wasLost ? Task.FromException(new StoreException("the lease went to another process", isTransient: true)) : Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_TableIsLargerThanItsBytes_DropsTheOldestUntilItFits(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        for (int day = 4; day >= 0; day--)
        {
            kept.Append(Topics.Packet, Day(day).AddHours(-1), 300, payload: 2000);
        }

        await kept.SinkAsync();
        IReadOnlyList<StoredPartition> all = await PartitionStore.Of(kept.Store).ListAsync(Cancel);
        long limit = all.Where(p => p.Table == Topics.Packet).TakeLast(2).Sum(p => p.Bytes) + 1;

        RetentionResult result = await kept.Keeper(t => new RetentionRule(null, t == Topics.Packet ? limit : null, false)).ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Equal(["20261116", "20261117", "20261118"], result.Dropped.Select(p => p.Partition));
        Assert.Equal(600, (await kept.RowsAsync(Topics.Packet)).Count);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_HoldOfAHost_KeepsItsPartitionsUntilItIsReleased(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Bash, Day(9), 30, host: "h1");
        kept.Append(Topics.Bash, Day(8), 30, host: "h2");
        kept.Append(Topics.Bash, Day(7), 30, host: "h1");
        await kept.SinkAsync();
        StoreKeeper keeper = kept.Keeper(s_oneDay);
        await keeper.AddHoldAsync(new LegalHold { Name = "case-7", Reason = "court", Hosts = ["h1"], Until = Day(8), AddedBy = "alice" }, Cancel);

        RetentionReport shown = await keeper.ShowAsync(Cancel);
        RetentionResult first = await keeper.ApplyAsync(false, "tester", Cancel);
        await keeper.ReleaseHoldAsync("case-7", "bob", Cancel);
        RetentionResult second = await keeper.ApplyAsync(false, "tester", Cancel);

        Assert.Equal(["case-7"], Assert.Single(shown.Partitions, p => p.Verdict == Verdict.Held).HeldBy);
        Assert.Equal(["20261112", "20261113"], first.Dropped.Select(p => p.Partition));
        Assert.Equal(["20261111"], second.Dropped.Select(p => p.Partition));
        Assert.Equal(
            [("hold.add", "alice"), ("retention.drop", "tester"), ("retention.drop", "tester"), ("hold.release", "bob"), ("retention.drop", "tester")],
            kept.Journal.Controls.Select(c => (c.Action, c.Actor)));
        LegalHold over = Assert.Single(await keeper.HoldsAsync(Cancel));
        Assert.Equal("bob", over.ReleasedBy);
        await Assert.ThrowsAsync<ECapture.Sink.SinkException>(() => keeper.AddHoldAsync(over with { ReleasedAt = null, ReleasedBy = null }, Cancel));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse, true)]
    [InlineData(StoreKind.Postgres, false)]
    public async Task Apply_HoldOfAProcessOrConnection_KeepsThePacketsAndSecretsOfItsHostAndTime(StoreKind kind, bool byConnection)
    {
        await using KeptStore kept = await OpenAsync(kind);
        foreach (int day in (int[])[20, 10, 5])
        {
            kept.Append(Topics.Tls, Day(day), 5, host: "h1", process: day == 10 ? "nc" : "curl", connection: day == 10 ? 0xAB00000000000001ul : 3);
            kept.Append(Topics.Packet, Day(day), 5, host: day == 5 ? "h2" : "h1", process: "");
            kept.Append(Topics.Secret, Day(day), 5, host: "h1", process: "x");
            kept.Append(Topics.Bash, Day(day), 5, host: "h1", process: "bash");
        }

        await kept.SinkAsync();
        StoreKeeper keeper = kept.Keeper(s_oneDay);
        await keeper.AddHoldAsync(
            byConnection ? new LegalHold { Name = "c", Reason = "r", Connections = ["ab00000000000001"] } : new LegalHold { Name = "c", Reason = "r", Processes = ["nc"] }, Cancel);

        RetentionResult result = await keeper.ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        IReadOnlyList<StoredPartition> left = await PartitionStore.Of(kept.Store).ListAsync(Cancel);
        Assert.Equal(["packet/20261110", "secret/20261110", "tls/20261110"], left.Select(p => p.ToString()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_LastPlanBringsRowsBack_TheyGoAgainAndAreCountedOnce(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Tls, Day(6), 50);
        await kept.SinkAsync();
        await kept.Keeper(s_oneDay).ApplyAsync(false, "tester", Cancel);
        Assert.Empty(await kept.RowsAsync(Topics.Tls));

        await kept.SinkAsync(); // a sink that starts: ClickHouse's last plan is run again
        int back = (await kept.RowsAsync(Topics.Tls)).Count;
        kept.Append(Topics.Tls, Day(6).AddHours(1), 10); // and late ones
        kept.Append(Topics.Tls, Day(6).AddMinutes(5), 10);
        await kept.SinkAsync();
        RetentionResult again = await kept.Keeper(s_oneDay).ApplyAsync(false, "tester", Cancel);

        Assert.Empty(again.Failed);
        Assert.Equal(kind == StoreKind.Postgres ? 0 : 50, back);
        Assert.Empty(await kept.RowsAsync(Topics.Tls));
        Assert.Equal(70, await kept.ExpiredAsync(Topics.Tls));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Apply_JournalRefuses_DropsNothing(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Tls, Day(6), 50);
        await kept.SinkAsync();
        kept.Journal.Refuses = true;

        RetentionResult result = await kept.Keeper(s_oneDay).ApplyAsync(false, "tester", Cancel);

        Assert.Contains("the journal is full", Assert.Single(result.Failed), StringComparison.Ordinal);
        Assert.Equal(50, (await kept.RowsAsync(Topics.Tls)).Count);
        Assert.Equal(0, await kept.ExpiredAsync(Topics.Tls));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task TryLease_AnotherHasIt_WaitsUntilItIsGivenBack(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Tls, Day(6), 5);
        await kept.SinkAsync();
        PartitionStore partitions = PartitionStore.Of(kept.Store);
        await using (IStoreLease? lease = await partitions.TryLeaseAsync(Cancel))
        {
            Assert.NotNull(lease);
            Assert.Null(await partitions.TryLeaseAsync(Cancel));
            Assert.Empty((await kept.Keeper(s_oneDay).ApplyAsync(false, "tester", Cancel)).Dropped);
            await lease.RequireAsync(Cancel);
        }

        Assert.Single((await kept.Keeper(s_oneDay).ApplyAsync(false, "tester", Cancel)).Dropped);
    }

    [Fact]
    public async Task Apply_ProcessDiedWhileItDropped_WhatWasCountedGoesAndTheRestComesBack()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.ClickHouse);
        kept.Append(Topics.Tls, Day(6), 50);
        kept.Append(Topics.Tls, Day(5), 30);
        await kept.SinkAsync();
        kept.Append(Topics.Tls, Day(0), 10);
        await kept.SinkAsync(); // its plan is the last one, which is run again by the next sink
        ECapture.Storage.ClickHouse.IClickHouse engine = ((ClickHouseStore)kept.Store).Engine;
        Guid counted = Guid.CreateVersion7();
        foreach ((string part, Guid action) in ((string, Guid)[])[("20261114", counted), ("20261115", Guid.CreateVersion7())])
        {
            await engine.ExecuteAsync($"CREATE TABLE expiring_tls_{part}_{action:N} AS tls", Cancel);
            await engine.ExecuteAsync($"ALTER TABLE tls MOVE PARTITION {part} TO TABLE expiring_tls_{part}_{action:N}", Cancel);
        }

        await engine.ExecuteAsync(
            $"INSERT INTO expired SELECT 'tls', '20261114', run, partition, log_partition, toUInt32(intDiv(toUnixTimestamp(ts), 3600)) AS h, count(), 1, min(sequence), max(sequence), 0, 0, toUUID('{counted:D}'), now64(3), 'age', '' "
            + $"FROM expiring_tls_20261114_{counted:N} GROUP BY run, partition, log_partition, h",
            Cancel);
        kept.Append(Topics.Tls, Day(5).AddHours(1), 4); // late rows come while the others are aside
        await kept.SinkAsync();

        RetentionResult result = await kept.Keeper(new RetentionRule(TimeSpan.FromDays(365), null, false)).ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Equal(30 + 10 + 4, (await kept.RowsAsync(Topics.Tls)).Distinct().Count());
        Assert.Equal(30 + 10 + 4, (await kept.RowsAsync(Topics.Tls)).Count);
        Assert.Equal(50, await kept.ExpiredAsync(Topics.Tls));
        Assert.Equal("0", (await kept.QueryAsync("SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'expiring_')", ""))[0]);
    }

    private async Task<KeptStore> OpenAsync(StoreKind kind) => await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
}
