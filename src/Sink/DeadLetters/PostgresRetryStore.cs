using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Sink.Postgres;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Sink.DeadLetters;

/// <summary>In PostgreSQL: row and mark commit together; retries take turns.</summary>
internal sealed class PostgresRetryStore(PostgresStore store) : IRetryStore
{
    private const long LockKey = 0x6563_6170_5f64_6c71; // "ecap_dlq"

    private readonly TimePartitions _partitions = new(store.DataSource);

    public async Task<bool> StoreAsync(StoredDeadLetter letter, EventTable table, CancellationToken cancellationToken)
    {
        PostgresBatch batch = new(table, BufferPool.None, PartitionUnit.Day);
        (StreamKey stream, _, _) = DeadLetterRetry.IdentityOf(letter);
        EventReader.TryRead(letter.Bytes, out EventFields fields);
        batch.Add(new EventRow(letter.Bytes, ref fields, letter.Id.Partition, letter.Id.Offset), stream);
        try
        {
            await _partitions.EnsureAsync(table, batch.Spans, cancellationToken).ConfigureAwait(false);
            NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken).ConfigureAwait(false);
                    (long rows, long own) = await CountAsync(connection, letter, table, cancellationToken).ConfigureAwait(false);
                    if (rows == 0)
                    {
                        await PostgresDelivery.CopyAsync(connection, batch.Copy, cancellationToken).ConfigureAwait(false);
                    }

                    bool isOwn = rows == 0 || own > 0;
                    await MarkAsync(connection, letter, isOwn ? "stored" : "duplicate", cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return isOwn;
                }
            }
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, $"storing dead letter {letter.Id}");
        }
    }

    private static async Task<(long Rows, long Own)> CountAsync(NpgsqlConnection connection, StoredDeadLetter letter, EventTable table, CancellationToken cancellationToken)
    {
        (StreamKey stream, ulong sequence, ulong wallNs) = DeadLetterRetry.IdentityOf(letter);
        byte[] run = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(run, stream.Run);
        await using NpgsqlCommand command = new(
            $"SELECT count(*), count(*) FILTER (WHERE log_partition = $4 AND log_offset = $5) FROM \"{table.Name}\" WHERE ts >= $6 AND ts < $7 AND run = $1 AND partition = $2 AND sequence = $3",
            connection);
        DateTime from = DateTime.UnixEpoch.AddTicks((long)(wallNs / 1000) * 10);
        command.Parameters.Add(new NpgsqlParameter { Value = new Guid(run, bigEndian: true) });
        command.Parameters.Add(new NpgsqlParameter { Value = (int)stream.Partition });
        command.Parameters.Add(new NpgsqlParameter { Value = (long)sequence });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Partition });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Offset });
        command.Parameters.Add(new NpgsqlParameter { Value = from });
        command.Parameters.Add(new NpgsqlParameter { Value = from.AddTicks(10) });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task MarkAsync(NpgsqlConnection connection, StoredDeadLetter letter, string outcome, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            "INSERT INTO dead_letter_resolved (log, topic, log_partition, log_offset, outcome, hour) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Log ?? "" });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Topic });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Partition });
        command.Parameters.Add(new NpgsqlParameter { Value = letter.Id.Offset });
        command.Parameters.Add(new NpgsqlParameter { Value = outcome });
        command.Parameters.Add(new NpgsqlParameter { Value = (long)BatchAccount.HourOf(DeadLetterRetry.IdentityOf(letter).WallNs) });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
