using System.Globalization;
using Npgsql;

namespace ECapture.Storage.Partitions;

/// <summary>The partitions of event tables in PostgreSQL: named <c>TABLE_yyyyMMdd</c> or <c>TABLE_yyyyMMddHH</c>. Both kinds may stand beside each other.</summary>
public static class PostgresPartitions
{
    private const long LockKey = 0x6563_6170_6461_7973; // "ecapdays"

    /// <summary>Name of a partition's table.</summary>
    public static string TableOf(string table, PartitionSpan span) => $"{table}_{span.Name}";

    /// <summary>The partitions that a table has.</summary>
    public static async Task<IReadOnlySet<PartitionSpan>> ListAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        await using NpgsqlCommand command = new(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(quote_ident($1))", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = table });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        HashSet<PartitionSpan> spans = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (reader.GetString(0) is var name && name.Length > table.Length && PartitionSpan.Parse(name[(table.Length + 1)..]) is { } span)
            {
                spans.Add(span);
            }
        }

        return spans;
    }

    /// <summary>
    /// Makes sure that a span is covered: by what is there; else by a partition of its own; by hours where its day has hours already.
    /// A partition is made beside its table and then attached, because that waits for no reader; an advisory lock makes sinks take turns.
    /// </summary>
    public static async Task EnsureAsync(NpgsqlDataSource source, string table, PartitionSpan span, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
        foreach (PartitionSpan missing in Missing(await ListAsync(connection, table, cancellationToken).ConfigureAwait(false), span))
        {
            await CreateAsync(connection, table, missing, cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Which partitions must be made so that a span is covered and nothing overlaps.</summary>
    public static IEnumerable<PartitionSpan> Missing(IReadOnlySet<PartitionSpan> existing, PartitionSpan span)
    {
        ArgumentNullException.ThrowIfNull(existing);
        if (existing.Contains(span) || existing.Contains(span.Day))
        {
            return [];
        }

        PartitionSpan[] hours = [.. span.Hours()];
        return span.Unit == PartitionUnit.Day && !hours.Any(existing.Contains) ? [span] : hours.Where(hour => !existing.Contains(hour));
    }

    private static async Task CreateAsync(NpgsqlConnection connection, string table, PartitionSpan span, CancellationToken cancellationToken)
    {
        string partition = TableOf(table, span);
        await ExecuteAsync(connection, $"CREATE TABLE \"{partition}\" (LIKE \"{table}\" INCLUDING ALL)", cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(
            connection,
            string.Create(
                CultureInfo.InvariantCulture,
                $"ALTER TABLE \"{table}\" ATTACH PARTITION \"{partition}\" FOR VALUES FROM ('{span.From:yyyy-MM-dd HH:mm:ss}+00') TO ('{span.To:yyyy-MM-dd HH:mm:ss}+00')"),
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
