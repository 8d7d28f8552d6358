using ECapture.Storage;
using ECapture.Storage.Reading.ClickHouse;
using ECapture.Storage.Reading.Postgres;
using ECapture.Storage.Reading.Sql;
using Npgsql;

namespace ECapture.Tests.Integration.Querying;

/// <summary>A store whose statements are explained by the engine itself before they run.</summary>
internal sealed class ExplainedStore(Store store) : ISqlStore
{
    private readonly ISqlStore _inner = SqlStore.Of(store);

    /// <summary>What the engine says it will do, statement by statement.</summary>
    public List<(string Statement, string[] Plan)> Explained { get; } = [];

    public string Address => _inner.Address;

    public bool CutsTimes => _inner.CutsTimes;

    public SqlText NewText() => _inner.NewText();

    public async Task<IRowReader> QueryAsync(SqlText sql, CancellationToken cancellationToken)
    {
        Explained.Add((sql.ToString(), await ExplainAsync(sql, cancellationToken)));
        return await _inner.QueryAsync(sql, cancellationToken);
    }

    private async Task<string[]> ExplainAsync(SqlText sql, CancellationToken cancellationToken)
    {
        if (store is ClickHouseStore clickHouse)
        {
            await using Stream result = await clickHouse.Engine.QueryAsync(
                $"SELECT * FROM (EXPLAIN indexes = 1 {sql})", ((ClickHouseSqlText)sql).Parameters, "TabSeparatedRaw", cancellationToken);
            using var reader = new StreamReader(result);
            return (await reader.ReadToEndAsync(cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }

        List<string> plan = [];
        await using NpgsqlCommand explain = ((PostgresStore)store).DataSource.CreateCommand("EXPLAIN " + ((PostgresSqlText)sql).WithValues());
        await using NpgsqlDataReader rows = await explain.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            plan.Add(rows.GetString(0));
        }

        return [.. plan];
    }
}
