using ECapture.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;
using Npgsql;

namespace ECapture.Benchmarks.Query;

/// <summary>The stores of a run, kept in one folder.</summary>
internal sealed class QueryStores(string folder)
{
    private string ClickHouse => Path.Combine(folder, "clickhouse");

    /// <summary>What the store was filled with, in a file beside it.</summary>
    public string HistoryOf(string store) => Path.Combine(folder, store == "postgres" ? "postgres.json" : "clickhouse.json");

    public async Task LoadAsync(QueryBenchOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101); // PostgreSQL's user goes through it
        if (options.Stores.Any(s => s != "postgres"))
        {
            await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse("chdb:" + ClickHouse), StoreRole.Writer, cancellationToken);
            await MadeHistory.FillAsync(store, HistoryOf("http"), options, cancellationToken);
        }

        if (options.Stores.Contains("postgres"))
        {
            await using PostgresCluster cluster = await StartPostgresAsync(cancellationToken);
            bool isNew = MadeHistory.Find(HistoryOf("postgres")) is null;
            StoreAddress address = isNew && options.Days > 0
                ? await cluster.CreateDatabaseAsync(StoreAddress.DefaultDatabase, cancellationToken) : cluster.Address(StoreAddress.DefaultDatabase);
            await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, cancellationToken);
            await MadeHistory.FillAsync(store, HistoryOf("postgres"), options, cancellationToken);
            // What autovacuum does soon; not in the middle of a measurement.
            await using NpgsqlCommand vacuum = ((PostgresStore)store).DataSource.CreateCommand("VACUUM (ANALYZE)");
            vacuum.CommandTimeout = 0;
            await vacuum.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Calls back with the address of a store while it runs.</summary>
    public async Task WithAsync(string store, Func<string, Task> measure, CancellationToken cancellationToken)
    {
        switch (store)
        {
            case "http":
                await using (ClickHouseServer server = await ClickHouseServer.StartAsync(ClickHouse, cancellationToken))
                {
                    while (await server.ExecuteAsync("default", "SELECT count() FROM system.merges FORMAT TabSeparated", cancellationToken) != "0\n")
                    {
                        await Task.Delay(500, cancellationToken); // what merges now is not what is measured
                    }

                    await measure(server.Address(StoreAddress.DefaultDatabase).Text);
                }

                break;
            case "chdb":
                await measure("chdb:" + ClickHouse);
                break;
            default:
                await using (PostgresCluster cluster = await StartPostgresAsync(cancellationToken))
                {
                    await measure(cluster.Address(StoreAddress.DefaultDatabase).Text);
                }

                break;
        }
    }

    private async Task<PostgresCluster> StartPostgresAsync(CancellationToken cancellationToken)
    {
        PostgresCluster cluster = await PostgresCluster.StartAsync(["shared_buffers=3GB", "max_wal_size=4GB", "wal_level=minimal", "max_wal_senders=0"], folder, cancellationToken);
        cluster.IsKept = true;
        return cluster;
    }
}
