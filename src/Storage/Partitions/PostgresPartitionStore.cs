using ECapture.Events;
using ECapture.Storage.Postgres;
using ECapture.Storage.Reading.Postgres;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Storage.Partitions;

/// <summary>PostgreSQL: a partition is a table; it is counted, detached and dropped in one transaction of the lease's own session.</summary>
internal sealed class PostgresPartitionStore(PostgresStore store, long? capacity) : PartitionStore(new PostgresSqlStore(store.DataSource, store.Address))
{
    // Detaching waits for whoever writes or reads the table, and makes everybody else wait: not for long.
    private const string LockTimeout = "SET LOCAL lock_timeout = '5s'";

    // What an archive brought back counts no longer: its act has rows with negative numbers.
    private const string Account =
        """
        INSERT INTO expired
        SELECT $1, $2, e.run, e.partition, e.log_partition, e.hour, count(*), sum(e.size), min(e.sequence), max(e.sequence), min(e.log_offset), max(e.log_offset), $3, now(), $4, $5
        FROM (SELECT run, partition, log_partition, log_offset, sequence,
            floor(extract(epoch FROM ts) / 3600)::bigint AS hour, length(data) + length(event) AS size FROM {0}) AS e
        WHERE NOT EXISTS (
            SELECT 1 FROM expired AS x WHERE x.topic = $1 AND x.hour = e.hour AND x.run = e.run AND x.partition = e.partition AND x.rows > 0
            AND e.sequence BETWEEN x.first_sequence AND x.last_sequence AND NOT EXISTS (SELECT 1 FROM expired AS u WHERE u.action = x.action AND u.rows < 0))
        GROUP BY e.run, e.partition, e.log_partition, e.hour
        """;

    public override async Task<IReadOnlyList<StoredPartition>> ListAsync(CancellationToken cancellationToken) => await ReadAsync(
        "listing its partitions",
        """
        SELECT p.relname, c.relname, greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0), pg_total_relation_size(c.oid)
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relkind = 'p' AND p.relnamespace = current_schema()::regnamespace AND p.relname = ANY($1)
        """,
        reader =>
        {
            string table = reader.GetString(0);
            string name = reader.GetString(1);
            if (reader.IsDBNull(3))
            {
                return null; // dropped since the statement began: the size is asked of the table, not of the snapshot
            }

            return name.Length > table.Length && PartitionSpan.Parse(name[(table.Length + 1)..]) is { } span
                ? new StoredPartition(table, span, reader.GetInt64(2), reader.GetInt64(3))
                : null;
        },
        cancellationToken,
        new NpgsqlParameter<string[]> { TypedValue = [.. Topics.All] }).ConfigureAwait(false) is var all
            ? [.. all.OrderBy(p => p.Span.From).ThenBy(p => p.Table, StringComparer.Ordinal)]
            : [];

    public override async Task<StoreSpace?> SpaceAsync(CancellationToken cancellationToken)
    {
        if (capacity is { } total)
        {
            List<object> size = await ReadAsync("measuring it", "SELECT pg_database_size(current_database())", r => (object)r.GetInt64(0), cancellationToken).ConfigureAwait(false);
            return new StoreSpace(Math.Max(0, total - (long)size[0]), total, "--store-capacity minus the database's size");
        }

        if (!IsLocal(store.Address.Host))
        {
            return null;
        }

        // Only who may see the setting knows the folder, and only on this machine the folder tells something.
        List<string> folder = await ReadAsync(
            "asking where its data are",
            "SELECT setting FROM pg_settings WHERE name = 'data_directory' AND setting IS NOT NULL", r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        return folder is [{ Length: > 0 } path] && Directory.Exists(path) ? VolumeSpace.Of(path) : null;
    }

    public override async Task<IStoreLease?> TryLeaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await PostgresLease.TryTakeAsync(store, LeaseName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, "taking its lease");
        }
    }

    // Everything is one transaction: who dies leaves nothing.
    public override Task<IReadOnlyList<string>> RecoverAsync(IStoreLease lease, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public override Task<DropResult> DropAsync(IStoreLease lease, DropOrder order, CancellationToken cancellationToken) => RunAsync(
        lease,
        $"dropping {order.Table}/{order.Span.Name}",
        async connection =>
        {
            string partition = $"\"{PostgresPartitions.TableOf(Name(order.Table), order.Span)}\"";
            await ExecuteAsync(connection, LockTimeout, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, $"LOCK TABLE {partition} IN SHARE MODE", cancellationToken).ConfigureAwait(false); // writers wait from here
            IReadOnlyList<StreamShare> shares = await SharesAsync(connection, partition, cancellationToken).ConfigureAwait(false);
            long rows = shares.Sum(s => s.Rows);
            if (order.Expected is { } expected && !AreSame(expected, shares))
            {
                return new DropResult(false, rows);
            }

            await using (NpgsqlCommand account = new(Account.Replace("{0}", partition, StringComparison.Ordinal), connection))
            {
                account.Parameters.Add(new NpgsqlParameter<string> { TypedValue = order.Table });
                account.Parameters.Add(new NpgsqlParameter<string> { TypedValue = order.Span.Name });
                account.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = order.Action });
                account.Parameters.Add(new NpgsqlParameter<string> { TypedValue = order.Reason });
                account.Parameters.Add(new NpgsqlParameter<string> { TypedValue = order.Archive });
                account.CommandTimeout = 0;
                await account.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            await ExecuteAsync(connection, $"ALTER TABLE \"{Name(order.Table)}\" DETACH PARTITION {partition}", cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, $"DROP TABLE {partition}", cancellationToken).ConfigureAwait(false);
            return new DropResult(true, rows);
        },
        cancellationToken);

    public override async Task<bool> HasExpiredAsync(Guid action, CancellationToken cancellationToken) => await ReadAsync(
        "reading what expired",
        "SELECT 1 FROM expired WHERE action = $1 LIMIT 1",
        r => (object)r.GetInt32(0),
        cancellationToken,
        new NpgsqlParameter<Guid> { TypedValue = action }).ConfigureAwait(false) is [_];

    public override Task UndoExpiredAsync(IStoreLease lease, Guid action, CancellationToken cancellationToken) => RunAsync(
        lease,
        "taking back what expired",
        async connection =>
        {
            await using NpgsqlCommand undo = new(
                """
                INSERT INTO expired
                SELECT topic, part, run, partition, log_partition, hour, -rows, -bytes, first_sequence, last_sequence, first_offset, last_offset, action, now(), 'restored', archive
                FROM expired AS x WHERE action = $1 AND rows > 0 AND NOT EXISTS (SELECT 1 FROM expired AS u WHERE u.action = $1 AND u.rows < 0)
                """,
                connection);
            undo.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = action });
            return await undo.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    public override async Task InsertAsync(RestoreBlock rows, PartitionSpan span, string token, CancellationToken cancellationToken)
    {
        try
        {
            string table = rows.Table.Name;
            await PostgresPartitions.EnsureAsync(store.DataSource, table, span, cancellationToken).ConfigureAwait(false);
            await using NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
                $"COPY \"{table}\" ({rows.Table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false))
            {
                foreach (ReadOnlyMemory<byte> piece in rows.Copy!.Complete())
                {
                    await copy.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
                }
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, $"restoring rows of {rows.Table.Name}");
        }
    }

    public override async Task<IReadOnlyList<LegalHoldRow>> HoldsAsync(CancellationToken cancellationToken) => await ReadAsync(
        "reading its legal holds",
        "SELECT DISTINCT ON (name) name, version, document FROM legal_hold ORDER BY name, version DESC",
        r => new LegalHoldRow(r.GetString(0), r.GetInt64(1), r.GetString(2)),
        cancellationToken).ConfigureAwait(false);

    public override Task WriteHoldAsync(IStoreLease lease, LegalHoldRow hold, CancellationToken cancellationToken) => RunAsync(
        lease,
        $"writing the legal hold {hold.Name}",
        async connection =>
        {
            await using NpgsqlCommand insert = new("INSERT INTO legal_hold (name, version, at, document) VALUES ($1, $2, now(), $3)", connection);
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hold.Name });
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = hold.Version });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hold.Document });
            return await insert.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    public override Task<PartitionUnit?> UnitAsync(string table, CancellationToken cancellationToken) => Task.FromResult<PartitionUnit?>(null);

    public override RestoreBlock NewBlock(EventTable table) => new(new CopyBuffer(table, BufferPool.None));

    // Both kinds of partitions can stand beside each other, so it is made as it was.
    public override Task<PartitionUnit> RestoreUnitAsync(string table, PartitionSpan span, CancellationToken cancellationToken) => Task.FromResult(span.Unit);

    private static bool IsLocal(string host) => host.StartsWith('/') || host is "localhost" or "127.0.0.1" or "::1" or "[::1]";

    private static async Task<IReadOnlyList<StreamShare>> SharesAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new($"SELECT run, partition, count(*), min(sequence), max(sequence) FROM {table} GROUP BY run, partition", connection) { CommandTimeout = 0 };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<StreamShare> shares = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            shares.Add(new StreamShare(reader.GetGuid(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)));
        }

        return shares;
    }

    // In the lease's session: who lost it has lost the transaction.
    private async Task<T> RunAsync<T>(IStoreLease lease, string doing, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = ((PostgresLease)lease).Connection;
        try
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            T result = await work(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return result;
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, doing);
        }
    }

    private async Task<List<T>> ReadAsync<T>(
        string doing, string sql, Func<NpgsqlDataReader, T?> read, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
        where T : class
    {
        try
        {
            await using NpgsqlCommand command = store.DataSource.CreateCommand(sql);
            command.Parameters.AddRange(parameters);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            List<T> found = [];
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (read(reader) is { } one)
                {
                    found.Add(one);
                }
            }

            return found;
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, doing);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
