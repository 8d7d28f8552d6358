using ECapture.Tests.Support.ClickHouse;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>ClickHouse, by its HTTP interface.</summary>
internal sealed class ClickHouseQuery(ClickHouseServer server, string database, string name) : IStoreQuery
{
    public string Name => name;

    public string Sql => Question;

    /// <summary>What is asked; {0} is a table.</summary>
    public const string Question = """
        SELECT run, partition, count() AS events, uniqExact(sequence) AS sequences, min(sequence) AS first, max(sequence) AS last,
               sum(reinterpretAsUInt32(reverse(substring(MD5(concat(substring(event, 1, data_at), data, substring(event, data_at + 1))), 1, 4)))) AS digest
        FROM {0} GROUP BY run, partition ORDER BY run, partition
        """;

    public async Task<List<string[]>> SelectAsync(string sql, CancellationToken cancellationToken)
    {
        string text = await server.ExecuteAsync(database, sql + " FORMAT TabSeparated", cancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
    }
}
