using ECapture.Storage.Postgres;
using Npgsql;

namespace ECapture.Storage.Migrations;

/// <summary>
/// Brings a PostgreSQL database to this program's schema. Everything missing is applied in one transaction under an advisory
/// lock, so that programs which start together do it once.
/// </summary>
public static class PostgresMigrations
{
    // Any number of one's own: "ecapture" in ASCII.
    private const long LockKey = 0x6563617074757265;

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="StoreException">The database refused, or its schema is newer than this program.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, StoreAddress address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(
                connection,
                """
                CREATE TABLE IF NOT EXISTS schema_migration
                (
                    version integer PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """,
                cancellationToken).ConfigureAwait(false);
            IReadOnlyList<(int, string)> applied = await AppliedAsync(connection, cancellationToken).ConfigureAwait(false);
            foreach (Migration migration in Migration.Missing(address, Migration.Of("postgres"), applied))
            {
                await ExecuteAsync(connection, migration.Sql, cancellationToken).ConfigureAwait(false);
                await using NpgsqlCommand record = new("INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)", connection);
                record.Parameters.Add(new NpgsqlParameter { Value = migration.Version });
                record.Parameters.Add(new NpgsqlParameter { Value = migration.Name });
                record.Parameters.Add(new NpgsqlParameter { Value = migration.Checksum });
                await record.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, address, "preparing its tables");
        }
    }

    /// <summary>Refuses a database whose schema is not this program's.</summary>
    /// <exception cref="StoreException">It is older or newer, or cannot be reached.</exception>
    public static async Task CheckAsync(NpgsqlDataSource source, StoreAddress address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        IReadOnlyList<Migration> known = Migration.Of("postgres");
        try
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            Migration.RequireNone(address, Migration.Missing(address, known, await AppliedAsync(connection, cancellationToken).ConfigureAwait(false)));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            Migration.RequireNone(address, known);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, address, "reading its schema version");
        }
    }

    private static async Task<IReadOnlyList<(int Version, string Checksum)>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("SELECT version, checksum FROM schema_migration ORDER BY version", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<(int, string)> applied = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            applied.Add((reader.GetInt32(0), reader.GetString(1)));
        }

        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
