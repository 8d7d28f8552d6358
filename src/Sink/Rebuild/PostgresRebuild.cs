using System.Globalization;
using ECapture.Events;
using ECapture.Sink.Postgres;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Sink.Rebuild;

/// <summary>In PostgreSQL: one transaction, in which the new partition takes the old one's name and place. Writers of the table wait for its end, readers do not.</summary>
internal sealed class PostgresRebuild(PostgresStore store) : IRebuildTarget
{
    public async Task<IReadOnlyCollection<PartitionSpan>> PartitionsAsync(EventTable table, CancellationToken cancellationToken)
    {
        try
        {
            NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await PostgresPartitions.ListAsync(connection, table.Name, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, $"listing the partitions of {table.Name}");
        }
    }

    public async Task<IPartitionRebuild> BeginAsync(EventTable table, PartitionSpan span, CancellationToken cancellationToken)
    {
        try
        {
            await PostgresPartitions.EnsureAsync(store.DataSource, table.Name, span, cancellationToken).ConfigureAwait(false);
            NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            Partition rebuild = new(store, connection, await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false), table, span);
            try
            {
                await rebuild.LockAsync(cancellationToken).ConfigureAwait(false);
                return rebuild;
            }
            catch
            {
                await rebuild.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, $"locking {table.Name}");
        }
    }

    private sealed class Partition(PostgresStore store, NpgsqlConnection connection, NpgsqlTransaction transaction, EventTable table, PartitionSpan span) : IPartitionRebuild
    {
        private const int BlockRows = 20_000;

        private readonly string _old = PostgresPartitions.TableOf(table.Name, span);
        private readonly string _new = PostgresPartitions.TableOf(table.Name, span) + "_rebuild";

        public async Task LockAsync(CancellationToken cancellationToken)
        {
            // The whole table: a writer that holds it and waits for the partition would otherwise never let this one have it.
            await ExecuteAsync($"LOCK TABLE \"{table.Name}\" IN SHARE ROW EXCLUSIVE MODE", cancellationToken).ConfigureAwait(false);
            await ExecuteAsync($"CREATE TABLE \"{_new}\" (LIKE \"{table.Name}\" INCLUDING ALL)", cancellationToken).ConfigureAwait(false);
        }

        public async Task<long> FillAsync(IAsyncEnumerable<RebuildRow> rows, CancellationToken cancellationToken)
        {
            CopyBuffer buffer = new(table, BufferPool.None);
            long written = 0;
            try
            {
                await foreach (RebuildRow row in rows.ConfigureAwait(false))
                {
                    Append(buffer, row);
                    if (buffer.Rows >= BlockRows)
                    {
                        written += await CopyAsync(buffer, cancellationToken).ConfigureAwait(false);
                    }
                }

                return written + await CopyAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (PostgresErrors.Is(e))
            {
                throw PostgresErrors.Translate(e, store.Address, $"filling {_new}");
            }
        }

        public async Task<(long Missing, long Twice)> CompareAsync(CancellationToken cancellationToken)
        {
            try
            {
                long missing = await NumberAsync(
                    $"SELECT count(*) FROM \"{_old}\" o WHERE NOT EXISTS (SELECT 1 FROM \"{_new}\" n WHERE n.run = o.run AND n.partition = o.partition AND n.sequence = o.sequence)", cancellationToken).ConfigureAwait(false);
                long twice = await NumberAsync($"SELECT count(*) - count(DISTINCT (run, partition, sequence)) FROM \"{_new}\"", cancellationToken).ConfigureAwait(false);
                return (missing, twice);
            }
            catch (Exception e) when (PostgresErrors.Is(e))
            {
                throw PostgresErrors.Translate(e, store.Address, $"comparing {_new} with {_old}");
            }
        }

        public async Task SwapAsync(CancellationToken cancellationToken)
        {
            try
            {
                await ExecuteAsync($"ALTER TABLE \"{table.Name}\" DETACH PARTITION \"{_old}\"", cancellationToken).ConfigureAwait(false);
                await ExecuteAsync($"DROP TABLE \"{_old}\"", cancellationToken).ConfigureAwait(false);
                await ExecuteAsync($"ALTER TABLE \"{_new}\" RENAME TO \"{_old}\"", cancellationToken).ConfigureAwait(false);
                await ExecuteAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"ALTER TABLE \"{table.Name}\" ATTACH PARTITION \"{_old}\" FOR VALUES FROM ('{span.From:yyyy-MM-dd HH:mm:ss}+00') TO ('{span.To:yyyy-MM-dd HH:mm:ss}+00')"),
                    cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (PostgresErrors.Is(e))
            {
                throw PostgresErrors.Translate(e, store.Address, $"swapping {_old}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync().ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        private async Task<int> CopyAsync(CopyBuffer buffer, CancellationToken cancellationToken)
        {
            int rows = buffer.Rows;
            await PostgresDelivery.CopyAsync(connection, buffer, cancellationToken, _new).ConfigureAwait(false);
            buffer.Clear();
            return rows;
        }

        private static void Append(CopyBuffer buffer, RebuildRow row)
        {
            EventReader.TryRead(row.Encoded, out EventFields fields);
            buffer.Append(new EventRow(row.Encoded, ref fields, row.LogPartition, row.LogOffset));
        }

        private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
        {
            await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        private async Task<long> NumberAsync(string sql, CancellationToken cancellationToken)
        {
            await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
            return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }
}
