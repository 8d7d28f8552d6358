using ECapture.Storage;
using ECapture.Storage.Migrations;
using Npgsql;

namespace ECapture.Tests.Integration.Storage;

/// <summary>Programs that bring a store to their schema at the same time, and one that died in the middle.</summary>
public sealed class MigratingTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Open_ManyWritersAtOnce_EachMigrationIsAppliedOnce(StoreKind kind)
    {
        StoreAddress address = await stores.CreateDatabaseAsync(kind, Cancel);

        Store[] opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel))));

        await AssertAppliedOnceAsync(opened[0]);
        await Task.WhenAll(opened.Select(store => store.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Open_ClickHouseMigrationDiedInTheMiddle_IsFinished()
    {
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel);
        // Everything up to the second statement of migration 30 was executed, and nothing was recorded.
        string[] statements =
        [
            .. Migration.Of("clickhouse").Where(m => m.Version < 30).SelectMany(m => m.Statements),
            .. Migration.Of("clickhouse").Single(m => m.Version == 30).Statements.Take(2),
        ];
        foreach (string statement in statements)
        {
            await stores.ExecuteAsync(address.Database, statement, Cancel);
        }

        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel);

        Assert.Equal("0\n", await stores.ExecuteAsync(address.Database, "SELECT count() FROM sink_hold FORMAT TSV", Cancel));
        Assert.Equal("1\n", await stores.ExecuteAsync(
            address.Database, "SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = 'dead_letter' AND name = 'kind' FORMAT TSV", Cancel));
        Assert.Equal(Migration.Of("clickhouse").Count.ToString(System.Globalization.CultureInfo.InvariantCulture) + "\n", await stores.ExecuteAsync(
            address.Database, "SELECT uniqExact(version) FROM schema_migration FORMAT TSV", Cancel));
    }

    [Fact]
    public async Task Open_PostgresMigrationDiesInTheMiddle_TheOneThatWaitsDoesIt()
    {
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel);
        await using NpgsqlDataSource source = ECapture.Storage.Postgres.PostgresConnections.CreateDataSource(address);
        await using NpgsqlConnection dying = await source.OpenConnectionAsync(Cancel);
        NpgsqlTransaction transaction = await dying.BeginTransactionAsync(Cancel);
        await ExecuteAsync(dying, $"SELECT pg_advisory_xact_lock({0x6563617074757265})");
        await ExecuteAsync(dying, "CREATE TABLE tls (run uuid)");
        Task<Store> waiting = Task.Run(() => StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel));
        await WaitUntilAsync(source, "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted");

        await using (NpgsqlCommand kill = source.CreateCommand($"SELECT pg_terminate_backend({dying.ProcessID})"))
        {
            await kill.ExecuteNonQueryAsync(Cancel);
        }

        await using Store store = await waiting;
        await AssertAppliedOnceAsync(store);
        await Assert.ThrowsAnyAsync<Exception>(() => transaction.CommitAsync(Cancel));
    }

    private async Task AssertAppliedOnceAsync(Store store)
    {
        const string Applied = "SELECT version FROM schema_migration ORDER BY version";
        List<int> versions = [];
        if (store is ClickHouseStore)
        {
            string text = await stores.ExecuteAsync(store.Address.Database, Applied + " FORMAT TSV", Cancel);
            versions.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(v => int.Parse(v, System.Globalization.CultureInfo.InvariantCulture)));
        }
        else
        {
            await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand(Applied);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancel);
            while (await reader.ReadAsync(Cancel))
            {
                versions.Add(reader.GetInt32(0));
            }
        }

        Assert.Equal(Migration.Of(store is ClickHouseStore ? "clickhouse" : "postgres").Select(m => m.Version), versions);
    }

    private static async Task WaitUntilAsync(NpgsqlDataSource source, string count)
    {
        for (int i = 0; ; i++)
        {
            await using NpgsqlCommand command = source.CreateCommand(count);
            if ((long)(await command.ExecuteScalarAsync(Cancel))! > 0)
            {
                return;
            }

            Assert.True(i < 600, "the second program does not wait for the lock");
            await Task.Delay(50, Cancel);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
