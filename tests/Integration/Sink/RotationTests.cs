using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;
using Npgsql;

namespace ECapture.Tests.Integration.Sink;

public sealed class RotationTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_TablesByHour_EveryEventIsInThePartitionOfItsHour(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind, PartitionUnit.Hour);
        MemoryLog log = new();
        EventFeed feed = new(seed: 21);
        feed.Fill(log, 1_500);

        await using (SinkRun sink = new(log, store, rotation: _ => PartitionUnit.Hour))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        // Run again: the last plans are the same blocks.
        await using (SinkRun sink = new(log, store, rotation: _ => PartitionUnit.Hour))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        string[] parts = await PartsAsync(store);
        Assert.NotEmpty(parts);
        Assert.All(parts, name => Assert.Equal(PartitionUnit.Hour, PartitionSpan.Parse(name)?.Unit));
        await using ECapture.Tests.Integration.Retention.KeptStore kept = await ECapture.Tests.Integration.Retention.KeptStore.OpenAsync(store.Address);
        ECapture.Sink.Retention.StoreKeeper keeper = kept.Keeper(new ECapture.Sink.Retention.RetentionRule(null, null, false));
        Assert.Empty(await keeper.OtherRotationAsync(_ => PartitionUnit.Hour, Cancel));
        Assert.Equal(kind == StoreKind.Postgres ? 0 : ECapture.Events.Topics.All.Count, (await keeper.OtherRotationAsync(_ => PartitionUnit.Day, Cancel)).Count);
    }

    [Fact]
    public async Task Run_RotationChangesFromDayToHour_PostgresKeepsTheDaysAndMakesHours()
    {
        await using Store store = await OpenAsync(StoreKind.Postgres, PartitionUnit.Day);
        MemoryLog log = new();
        EventFeed feed = new(seed: 22);
        feed.Fill(log, 300);
        await using (SinkRun sink = new(log, store))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        await ExecuteAsync(store, "DROP TABLE tls_20261121"); // a day without a partition: the others stay days
        feed.Expected.RemoveAll(e => e.Table == "tls" && ECapture.Events.V1.Event.Parser.ParseFrom(Convert.FromHexString(e.Encoded)).WallNs
            is var ns && PartitionSpan.Of(ns, PartitionUnit.Day).Name == "20261121");
        feed.Fill(log, 900);
        await using (SinkRun sink = new(log, store, rotation: _ => PartitionUnit.Hour))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        string[] parts = await PartsAsync(store, "tls");
        Assert.Contains("20261120", parts);
        Assert.Contains(parts, name => name.StartsWith("20261121", StringComparison.Ordinal) && name.Length == 10);
    }

    [Fact]
    public async Task Run_TableWasMadeAnewByHour_TheLastPlanDoublesNothing()
    {
        await using Store store = await OpenAsync(StoreKind.ClickHouse, PartitionUnit.Day);
        ClickHouseStore clickHouse = (ClickHouseStore)store;
        MemoryLog log = new();
        EventFeed feed = new(seed: 23);
        feed.Fill(log, 800);
        await using (SinkRun sink = new(log, store))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        foreach (string topic in ECapture.Events.Topics.All)
        {
            await clickHouse.Engine.ExecuteAsync(
                $"CREATE TABLE `{topic}_new` AS `{topic}` ENGINE = MergeTree PARTITION BY ({ClickHousePartitionKey.Of(PartitionUnit.Hour)}) ORDER BY (host, ts, sequence) SETTINGS non_replicated_deduplication_window = 10000",
                Cancel);
            await clickHouse.Engine.ExecuteAsync($"INSERT INTO `{topic}_new` SELECT * FROM `{topic}`", Cancel);
            await clickHouse.Engine.ExecuteAsync($"EXCHANGE TABLES `{topic}` AND `{topic}_new`", Cancel);
            await clickHouse.Engine.ExecuteAsync($"DROP TABLE `{topic}_new` SYNC", Cancel);
        }

        feed.Fill(log, 400);
        await using (SinkRun sink = new(log, store))
        {
            await sink.WaitDrainedAsync(Cancel);
        }

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        Assert.All(await PartsAsync(store, "tls"), name => Assert.Equal(PartitionUnit.Hour, PartitionSpan.Parse(name)?.Unit));
    }

    private static async Task<string[]> PartsAsync(Store store, string? table = null)
    {
        if (store is ClickHouseStore clickHouse)
        {
            await using Stream result = await clickHouse.Engine.QueryAsync(
                $"SELECT DISTINCT partition FROM system.parts WHERE active AND database = currentDatabase() AND table {(table is null ? "NOT IN ('sink_plan', 'schema_migration', 'sink_account', 'dead_letter')" : $"= '{table}'")}",
                new Dictionary<string, string>(), "TSV", Cancel);
            using StreamReader reader = new(result);
            return (await reader.ReadToEndAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }

        List<string> parts = [];
        await using NpgsqlConnection connection = await ((PostgresStore)store).DataSource.OpenConnectionAsync(Cancel);
        foreach (string topic in table is null ? ECapture.Events.Topics.All : [table])
        {
            parts.AddRange((await PostgresPartitions.ListAsync(connection, topic, Cancel)).Select(span => span.Name));
        }

        return [.. parts];
    }

    private static async Task ExecuteAsync(Store store, string sql)
    {
        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<Store> OpenAsync(StoreKind kind, PartitionUnit unit) =>
        await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel, _ => unit);
}
