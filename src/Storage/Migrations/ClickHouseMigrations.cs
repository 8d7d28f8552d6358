using System.Buffers.Binary;
using System.Globalization;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;

namespace ECapture.Storage.Migrations;

/// <summary>
/// Brings a ClickHouse database to this program's schema. ClickHouse has no lock a client could hold, and needs none here:
/// every statement of a migration may run again, also beside itself (<c>IF NOT EXISTS</c>), and a migration is recorded after its
/// last statement under a deduplication token of its own, so that programs which start together record it once.
/// </summary>
public static class ClickHouseMigrations
{
    private const string Book =
        """
        CREATE TABLE IF NOT EXISTS schema_migration
        (
            version UInt32,
            name String,
            checksum String,
            applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
        )
        ENGINE = MergeTree
        ORDER BY version
        SETTINGS non_replicated_deduplication_window = 1000
        """;

    private static readonly Dictionary<string, string> NoParameters = [];

    /// <summary>Applies what is missing.</summary>
    /// <exception cref="StoreException">The engine refused, or its schema is newer than this program.</exception>
    public static async Task ApplyAsync(
        IClickHouse engine, StoreAddress address, CancellationToken cancellationToken, Func<string, PartitionUnit>? rotation = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (await AppliedAsync(engine, cancellationToken).ConfigureAwait(false) is not { } applied)
        {
            await engine.DefineAsync(Book, cancellationToken).ConfigureAwait(false);
            applied = [];
        }

        foreach (Migration migration in Migration.Missing(address, Migration.Of("clickhouse"), applied))
        {
            foreach (string statement in migration.Statements)
            {
                await engine.DefineAsync(rotation is null ? statement : ClickHousePartitionKey.Apply(statement, rotation), cancellationToken).ConfigureAwait(false);
            }

            string version = migration.Version.ToString(CultureInfo.InvariantCulture);
            await engine.ExecuteAsync(
                $"INSERT INTO schema_migration (version, name, checksum) SETTINGS async_insert = 0, insert_deduplication_token = 'migration {version}' "
                + $"VALUES ({version}, {ClickHouseText.QuoteString(migration.Name)}, {ClickHouseText.QuoteString(migration.Checksum)})",
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Refuses a database whose schema is not this program's.</summary>
    /// <exception cref="StoreException">It is older or newer, or cannot be reached.</exception>
    public static async Task CheckAsync(IClickHouse engine, StoreAddress address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(engine);
        Migration.RequireNone(
            address, Migration.Missing(address, Migration.Of("clickhouse"), await AppliedAsync(engine, cancellationToken).ConfigureAwait(false) ?? []));
    }

    // RowBinary: UInt32, then 64 hexadecimal digits without a length. Null: there is no book yet.
    private static async Task<IReadOnlyList<(int Version, string Checksum)>?> AppliedAsync(IClickHouse engine, CancellationToken cancellationToken)
    {
        try
        {
            using Stream result = await engine.QueryAsync(
                "SELECT version, toFixedString(checksum, 64) FROM schema_migration ORDER BY version", NoParameters, "RowBinary", cancellationToken).ConfigureAwait(false);
            List<(int, string)> applied = [];
            byte[] row = new byte[4 + 64];
            while (await result.ReadAtLeastAsync(row, row.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == row.Length)
            {
                applied.Add((BinaryPrimitives.ReadInt32LittleEndian(row), System.Text.Encoding.ASCII.GetString(row, 4, 64)));
            }

            return applied;
        }
        catch (ClickHouseException e) when (e.Code == ClickHouseErrors.UnknownTable)
        {
            return null;
        }
    }
}
