using System.Buffers.Binary;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Postgres;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace ECapture.Sink.Postgres;

/// <summary>
/// Exactly once in PostgreSQL (docs/architecture.md, "Delivery", PostgreSQL): rows, next offset and stream positions commit together, and
/// only where the offset still is what this sink read.
/// </summary>
public sealed partial class PostgresDelivery(
    PostgresStore store, TimeProvider clock, ILogger logger, Func<string, PartitionUnit>? rotation = null, IDeadLetterTopic? letterTopic = null) : IDelivery
{
    private readonly TimePartitions _partitions = new(store.DataSource);

    /// <inheritdoc/>
    public Batch CreateBatch(EventTable table, BufferPool pool) => new PostgresBatch(table, pool, rotation?.Invoke(table.Name) ?? PartitionUnit.Day);

    /// <inheritdoc/>
    public async Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            // One snapshot for both tables.
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            await using NpgsqlCommand progress = Command(
                connection, "SELECT next_offset FROM sink_progress WHERE log = $1 AND topic = $2 AND log_partition = $3", partition);
            if (await progress.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not long next)
            {
                return ResumePoint.Beginning;
            }

            return new ResumePoint(next, null, await StreamsAsync(connection, partition, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            throw PostgresErrors.Translate(e, store.Address, $"reading the progress of {partition}");
        }
    }

    /// <inheritdoc/>
    public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        PostgresBatch rows = (PostgresBatch)batch;
        rows.Settle(partition, plan);
        try
        {
            return await WriteAsync(partition, plan, rows, inParts: false, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.IsRowFault && rows.Rows > 0)
        {
            LogInParts(partition, plan.From, e.Message);
            return await WriteAsync(partition, plan, rows, inParts: true, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, PostgresBatch rows, bool inParts, CancellationToken cancellationToken)
    {
        try
        {
            await _partitions.EnsureAsync(rows.Copy.Table, rows.Spans, cancellationToken).ConfigureAwait(false);
            await using (NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false))
            {
                await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                // First the offset: its row is locked until the end, so a second sink waits here and then finds that it is too late.
                if (await AdvanceAsync(connection, partition, plan, cancellationToken).ConfigureAwait(false))
                {
                    IReadOnlyList<DeadRecord> letters = rows.Letters;
                    if (inParts)
                    {
                        letters = [.. letters, .. await RefusedRows.CopyAsync(connection, transaction, rows, cancellationToken).ConfigureAwait(false)];
                    }
                    else
                    {
                        await CopyAsync(connection, rows.Copy, cancellationToken).ConfigureAwait(false);
                    }

                    await MoveStreamsAsync(connection, partition, rows, cancellationToken).ConfigureAwait(false);
                    await BuryAsync(connection, rows.Partition, letters, cancellationToken).ConfigureAwait(false);
                    await AccountAsync(connection, rows, cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return WriteOutcome.Stored;
                }
            }
        }
        catch (Exception e) when (PostgresErrors.Is(e))
        {
            _partitions.Forget();
            if (e is PostgresException { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null })
            {
                // The row's partition was dropped after this sink had made sure of it: it is made again.
                throw new StoreException($"{store.Address}: a partition of {rows.Copy.Table.Name} was dropped while rows were written to it", isTransient: true, e);
            }

            throw PostgresErrors.Translate(e, store.Address, $"writing {rows.Rows} rows of {partition}");
        }

        // Another sink moved on, or this one did and did not hear of its commit. Either way the store says where to go on.
        return new WriteOutcome(await LoadAsync(partition, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<bool> AdvanceAsync(NpgsqlConnection connection, PartitionId partition, Plan plan, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand update = Command(
            connection, "UPDATE sink_progress SET next_offset = $4, at = now() WHERE log = $1 AND topic = $2 AND log_partition = $3 AND next_offset = $5", partition);
        update.Parameters.Add(new NpgsqlParameter<long> { TypedValue = plan.To });
        update.Parameters.Add(new NpgsqlParameter<long> { TypedValue = plan.From });
        if (await update.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1)
        {
            return true;
        }

        await using NpgsqlCommand insert = Command(
            connection, "INSERT INTO sink_progress (log, topic, log_partition, next_offset) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", partition);
        insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = plan.To });
        return await insert.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
    }

    internal static async Task CopyAsync(NpgsqlConnection connection, CopyBuffer rows, CancellationToken cancellationToken, string? into = null)
    {
        if (rows.Rows > 0)
        {
            await using NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
                $"COPY \"{into ?? rows.Table.Name}\" ({rows.Table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> piece in rows.Complete())
            {
                await copy.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task MoveStreamsAsync(NpgsqlConnection connection, PartitionId partition, PostgresBatch rows, CancellationToken cancellationToken)
    {
        if (rows.Tally.Streams.Count == 0)
        {
            return;
        }

        await using NpgsqlCommand command = Command(
            connection,
            """
            INSERT INTO sink_stream (log, topic, log_partition, run, partition, sequence, seen_at)
            SELECT $1, $2, $3, run, partition, sequence, $7 FROM unnest($4, $5, $6) AS s (run, partition, sequence)
            ON CONFLICT (log, topic, log_partition, run, partition) DO UPDATE SET sequence = excluded.sequence, seen_at = excluded.seen_at
            """,
            partition);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. rows.Tally.Streams.Keys.Select(stream => ToGuid(stream.Run))] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. rows.Tally.Streams.Keys.Select(stream => (int)stream.Partition)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. rows.Tally.Streams.Values.Select(share => (long)share.Last)] });
        command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow().UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    // Their topic first: what the table has, the topic has.
    private async Task BuryAsync(NpgsqlConnection connection, PartitionId partition, IReadOnlyList<DeadRecord> letters, CancellationToken cancellationToken)
    {
        if (letterTopic is not null)
        {
            await letterTopic.AppendAsync(partition.Log, letters, cancellationToken).ConfigureAwait(false);
        }

        foreach (DeadRecord record in letters)
        {
            DeadLetter letter = record.Letter;
            await using NpgsqlCommand command = new(
                "INSERT INTO dead_letter (topic, log_partition, log_offset, at, error, event, log, kind, ts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = letter.Topic });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = letter.Partition });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = letter.Offset });
            command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow().UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = letter.Error });
            command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = record.Bytes });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = partition.Log });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = letter.Kind });
            command.Parameters.Add(new NpgsqlParameter { Value = DateTime.UnixEpoch.AddTicks((long)(letter.WallNs / 1000) * 10), NpgsqlDbType = NpgsqlDbType.TimestampTz });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task AccountAsync(NpgsqlConnection connection, PostgresBatch rows, CancellationToken cancellationToken)
    {
        HourAccount[] hours = [.. rows.Account.Hours];
        await using NpgsqlCommand command = Command(
            connection,
            """
            INSERT INTO sink_account (log, topic, log_partition, from_offset, to_offset, hour, records, events, duplicates, dead_letters, gap)
            SELECT $1, $2, $3, $4, $5, * FROM unnest($6, $7, $8, $9, $10, $11)
            """,
            rows.Partition);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rows.From });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rows.To });
        foreach (Func<HourAccount, long> value in (Func<HourAccount, long>[])[h => h.Hour, h => h.Records, h => h.Events, h => h.Duplicates, h => h.DeadLetters, h => h.Gap])
        {
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. hours.Select(value)] });
        }

        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    // The same streams are forgotten as in StreamPositions: a table that only grows would make every takeover slower.
    private async Task<StreamPosition[]> StreamsAsync(NpgsqlConnection connection, PartitionId partition, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = Command(
            connection,
            """
            SELECT run, partition, sequence, seen_at FROM sink_stream
            WHERE log = $1 AND topic = $2 AND log_partition = $3 AND seen_at > $4 ORDER BY seen_at DESC LIMIT $5
            """,
            partition);
        command.Parameters.Add(new NpgsqlParameter { Value = (clock.GetUtcNow() - StreamPositions.MaxIdle).UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = StreamPositions.MaxStreams });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<StreamPosition> positions = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            StreamKey stream = new(BinaryPrimitives.ReadUInt128BigEndian(reader.GetGuid(0).ToByteArray(bigEndian: true)), (uint)reader.GetInt32(1));
            DateTimeOffset seenAt = new(reader.GetDateTime(3), TimeSpan.Zero);
            positions.Add(new StreamPosition(stream, (ulong)reader.GetInt64(2), seenAt.ToUnixTimeSeconds()));
        }

        return [.. positions];
    }

    private static Guid ToGuid(UInt128 run)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, run);
        return new Guid(bytes, bigEndian: true);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, PartitionId partition)
    {
        NpgsqlCommand command = new(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = partition.Log });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = partition.Topic });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = partition.Partition });
        return command;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Partition}: the store refused the batch at offset {From} for the sake of some row ({Reason}); it is written in parts, and what is refused alone is a dead letter")]
    private partial void LogInParts(PartitionId partition, long from, string reason);
}
