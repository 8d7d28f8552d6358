using System.Collections.Concurrent;
using System.Globalization;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Sink.Postgres;

/// <summary>
/// Makes the partitions of days (UTC) that events belong to. A partition is made beside its table and then attached, because that waits for
/// no reader; an advisory lock makes sinks take turns.
/// </summary>
internal sealed class DayPartitions(NpgsqlDataSource source)
{
    private const long LockKey = 0x6563_6170_6461_7973; // "ecapdays"

    private readonly ConcurrentDictionary<(string Table, int Day), bool> _known = new();

    /// <param name="table">The table.</param>
    /// <param name="days">Days since 1970-01-01.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnsureAsync(EventTable table, IReadOnlySet<int> days, CancellationToken cancellationToken)
    {
        foreach (int day in days)
        {
            if (!_known.ContainsKey((table.Name, day)))
            {
                await CreateAsync(table.Name, day, cancellationToken).ConfigureAwait(false);
                _known[(table.Name, day)] = true;
            }
        }
    }

    /// <summary>Forgets what is there: after a failure a partition may have been dropped.</summary>
    public void Forget() => _known.Clear();

    private async Task CreateAsync(string table, int day, CancellationToken cancellationToken)
    {
        DateOnly date = new DateOnly(1970, 1, 1).AddDays(day);
        string partition = string.Create(CultureInfo.InvariantCulture, $"{table}_{date:yyyyMMdd}");
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
        await using (NpgsqlCommand exists = new("SELECT to_regclass($1) IS NOT NULL", connection))
        {
            exists.Parameters.Add(new NpgsqlParameter { Value = partition });
            if ((bool)(await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                return;
            }
        }

        await ExecuteAsync(connection, $"CREATE TABLE \"{partition}\" (LIKE \"{table}\" INCLUDING ALL)", cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(
            connection,
            string.Create(
                CultureInfo.InvariantCulture,
                $"ALTER TABLE \"{table}\" ATTACH PARTITION \"{partition}\" FOR VALUES FROM ('{date:yyyy-MM-dd} 00:00:00+00') TO ('{date.AddDays(1):yyyy-MM-dd} 00:00:00+00')"),
            cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
