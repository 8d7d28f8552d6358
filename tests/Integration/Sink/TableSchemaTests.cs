using ECapture.Storage;
using ECapture.Storage.Tables;
using ECapture.Tests.Integration.Storage;
using Npgsql;

namespace ECapture.Tests.Integration.Sink;

/// <summary>The columns that the program writes are those that the migrations made.</summary>
public sealed class TableSchemaTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Columns_ClickHouse_SameAsSystemColumns()
    {
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel);
        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel);
        foreach (EventTable table in EventTable.All)
        {
            string described = await stores.ExecuteAsync(
                address.Database, $"SELECT name || ' ' || type FROM system.columns WHERE database = currentDatabase() AND table = '{table.Name}' ORDER BY position FORMAT TSVRaw", Cancel);

            string[] actual = described.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal<string[]>([.. table.Columns.Select(column => $"{column.Name} {column.ClickHouseType}")], actual);
        }
    }

    [Fact]
    public async Task Columns_Postgres_SameAsInformationSchema()
    {
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel);
        await using PostgresStore store = (PostgresStore)await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel);
        foreach (EventTable table in EventTable.All)
        {
            await using NpgsqlCommand command = store.DataSource.CreateCommand(
                "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position");
            command.Parameters.AddWithValue(table.Name);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancel);
            List<string> actual = [];
            while (await reader.ReadAsync(Cancel))
            {
                actual.Add($"{reader.GetString(0)} {reader.GetString(1)} {reader.GetString(2)}");
            }

            Assert.Equal<string[]>([.. table.Columns.Select(column => $"{column.Name} {column.PostgresType} {(column.IsNullable ? "YES" : "NO")}")], [.. actual]);
        }
    }
}
