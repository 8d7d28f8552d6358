using System.Globalization;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using Npgsql;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary>Statements of somebody who may write into the store by hand.</summary>
internal static class StoreSql
{
    public static async Task ExecuteAsync(this StoresFixture stores, Store store, string clickHouse, string postgres)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        if (store is ClickHouseStore)
        {
            await stores.ExecuteAsync(store.Address.Database, clickHouse, cancel);
            return;
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand(postgres);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The one number that a query gives; the same SQL for both.</summary>
    public static async Task<long> NumberAsync(this StoresFixture stores, Store store, string sql)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        if (store is ClickHouseStore)
        {
            return long.Parse(await stores.ExecuteAsync(store.Address.Database, sql + " FORMAT TSV", cancel), CultureInfo.InvariantCulture);
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }
}
