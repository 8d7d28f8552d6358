using System.Globalization;
using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Postgres;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Sink.Postgres;

/// <summary>
/// Writes the rows of a batch that the store refused as a whole: halves, halves of those, each behind a savepoint, until the rows that are refused stand alone. All of
/// it is in the batch's transaction, so nothing of it is there when it breaks off.
/// </summary>
internal static class RefusedRows
{
    /// <summary>Rows of a batch that may be refused; more of them are no matter of rows.</summary>
    public const int MaxRefused = 1000;

    /// <returns>The rows that the store does not take, as dead letters.</returns>
    /// <exception cref="StoreException">Too many are refused.</exception>
    /// <exception cref="NpgsqlException">The store failed.</exception>
    public static async Task<List<DeadRecord>> CopyAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, PostgresBatch batch, CancellationToken cancellationToken)
    {
        const string Savepoint = "part";
        IReadOnlyList<BlockRow> rows = batch.Copy.ReadRows();
        List<DeadRecord> refused = [];
        Stack<(int First, int Count)> todo = new([(0, rows.Count)]);
        while (todo.TryPop(out (int First, int Count) range))
        {
            await transaction.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            try
            {
                await PostgresDelivery.CopyAsync(connection, Part(batch, rows, range), cancellationToken).ConfigureAwait(false);
                await transaction.ReleaseAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException e) when (PostgresErrors.IsRowFault(e))
            {
                await transaction.RollbackAsync(Savepoint, cancellationToken).ConfigureAwait(false);
                if (range.Count > 1)
                {
                    int half = range.Count / 2;
                    todo.Push((range.First + half, range.Count - half));
                    todo.Push((range.First, half));
                    continue;
                }

                if (refused.Count == MaxRefused)
                {
                    throw new StoreException(
                        $"{batch.Partition}: more than {MaxRefused} rows of the batch at offset {batch.From} are refused, so it is not for the rows: {e.SqlState} {e.MessageText}", isTransient: false, e);
                }

                BlockRow row = rows[range.First];
                EventReader.TryRead(row.Encoded, out EventFields fields);
                string error = string.Create(CultureInfo.InvariantCulture, $"{e.SqlState} {e.MessageText}");
                refused.Add(new DeadRecord(new DeadLetter(batch.Partition.Topic, batch.Partition.Partition, row.LogOffset, DeadLetterKind.Refused, error, fields.WallNs), row.Encoded));
            }
        }

        return refused;
    }

    private static CopyBuffer Part(PostgresBatch batch, IReadOnlyList<BlockRow> rows, (int First, int Count) range)
    {
        CopyBuffer part = new(batch.Copy.Table, BufferPool.None);
        for (int i = range.First; i < range.First + range.Count; i++)
        {
            EventReader.TryRead(rows[i].Encoded, out EventFields fields);
            part.Append(new EventRow(rows[i].Encoded, ref fields, batch.Partition.Partition, rows[i].LogOffset));
        }

        return part;
    }
}
