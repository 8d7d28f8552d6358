using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;
using Npgsql;

namespace ECapture.Sink.Books;

/// <summary>In PostgreSQL: counting and taking away commit together, in the lease's own session.</summary>
internal sealed class PostgresBooks(PostgresStore store) : IBooks
{
    private const string Place = "log = $1 AND topic = $2 AND log_partition = $3";

    public Task ExpireLettersAsync(IStoreLease lease, PartitionId partition, long from, long to, CancellationToken cancellationToken) => RunAsync(
        lease,
        $"letting dead letters of {partition} go",
        [
            ($"""
                INSERT INTO dead_letter_expired (log, topic, log_partition, to_offset, hour, letters)
                SELECT $1, $2, $3, $5, floor(extract(epoch FROM ts) / 3600)::bigint AS hour, count(DISTINCT log_offset)
                FROM dead_letter WHERE {Place} AND log_offset >= $4 AND log_offset < $5 GROUP BY hour
                """,
                partition,
                [from, to]),
            ($"DELETE FROM dead_letter WHERE {Place} AND log_offset < $4", partition, [Math.Max(from, to)]),
        ],
        cancellationToken);

    public Task MergeAccountsAsync(IStoreLease lease, IReadOnlyList<AccountGroup> groups, CancellationToken cancellationToken) => RunAsync(
        lease,
        "adding up accounts",
        [
            .. groups.Select(group => (
                $"""
                WITH gone AS (DELETE FROM sink_account WHERE {Place} AND from_offset >= $4 AND to_offset <= $5 AND batches = 1 RETURNING *)
                INSERT INTO sink_account (log, topic, log_partition, from_offset, to_offset, hour, records, events, duplicates, dead_letters, gap, at, batches)
                SELECT $1, $2, $3, $4, $5, hour, sum(records), sum(events), sum(duplicates), sum(dead_letters), sum(gap), max(at), $6 FROM gone GROUP BY hour
                """,
                group.Partition,
                new long[] { group.From, group.To, group.Batches })),
        ],
        cancellationToken);

    // In the lease's session: who lost it has lost the transaction.
    private async Task RunAsync(IStoreLease lease, string doing, (string Sql, PartitionId Partition, long[] Offsets)[] statements, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = ((PostgresLease)lease).Connection;
        try
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            foreach ((string sql, PartitionId partition, long[] offsets) in statements)
            {
                await using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 };
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = partition.Log });
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = partition.Topic });
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = partition.Partition });
                foreach (long offset in offsets)
                {
                    command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = offset });
                }

                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, doing);
        }
    }
}
