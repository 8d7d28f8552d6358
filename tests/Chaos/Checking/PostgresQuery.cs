using System.Globalization;
using ECapture.Tests.Support.Postgres;
using Npgsql;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>PostgreSQL.</summary>
internal sealed class PostgresQuery(PostgresCluster cluster, string database) : IStoreQuery
{
    public string Name => "postgres";

    public string Sql => Question;

    /// <summary>What is asked; {0} is a table.</summary>
    public const string Question = """
        SELECT run, partition, count(*) AS events, count(DISTINCT sequence) AS sequences, min(sequence) AS first, max(sequence) AS last,
               sum(('x' || substr(md5(substring(event FROM 1 FOR data_at) || data || substring(event FROM data_at + 1)), 1, 8))::bit(32)::bigint & 4294967295) AS digest
        FROM {0} GROUP BY run, partition ORDER BY run, partition
        """;

    public async Task<List<string[]>> SelectAsync(string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(cluster.ConnectionString(database));
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlCommand command = new(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string[]> rows = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!)]);
        }

        return rows;
    }
}
