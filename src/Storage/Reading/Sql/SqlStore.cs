using ECapture.Storage.Reading.ClickHouse;
using ECapture.Storage.Reading.Postgres;

namespace ECapture.Storage.Reading.Sql;

/// <summary>Finds the dialect of an open store.</summary>
internal static class SqlStore
{
    public static ISqlStore Of(Store store) => store switch
    {
        ClickHouseStore clickHouse => new ClickHouseSqlStore(clickHouse.Engine),
        PostgresStore postgres => new PostgresSqlStore(postgres.DataSource, postgres.Address),
        _ => throw new ArgumentException($"no reads for a {store.GetType().Name}", nameof(store)),
    };
}
