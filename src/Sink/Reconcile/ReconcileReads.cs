using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Sink.Delivery;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Reconcile;

/// <summary>What reconciling reads of a store.</summary>
internal sealed class ReconcileReads(ISqlStore store)
{
    /// <summary>How far the accounts go. A batch's account is its last part: below the end every batch is whole.</summary>
    public async Task<Dictionary<PartitionId, AccountSpan>> SpansAsync(CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition, min(from_offset), max(to_offset) FROM sink_account GROUP BY log, topic, log_partition");
        Dictionary<PartitionId, AccountSpan> spans = [];
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            spans[new PartitionId(Text(rows, 0), Text(rows, 1), (int)rows.Number(2))] = new AccountSpan((long)rows.Number(3), (long)rows.Number(4));
        }

        return spans;
    }

    /// <summary>The accounts of whole batches, by partition, then by offset. One that was written again is given once.</summary>
    public async IAsyncEnumerable<AccountRow> AccountsAsync(
        IReadOnlyDictionary<PartitionId, AccountSpan> spans, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append(
            $"SELECT {sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition, from_offset, to_offset, hour, records, duplicates, gap, batches "
            + "FROM sink_account ORDER BY topic, log, log_partition, from_offset, to_offset DESC, hour");
        AccountRow last = default;
        AccountRow merged = default;
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            AccountRow row = new(
                new PartitionId(Text(rows, 0), Text(rows, 1), (int)rows.Number(2)),
                (long)rows.Number(3), (long)rows.Number(4), (long)rows.Number(5), (long)rows.Number(6), (long)rows.Number(7), (long)rows.Number(8));
            if (rows.Number(9) > 1)
            {
                merged = row;
            }

            // What was added up may still be there by itself: it does not count twice.
            bool isMerged = row.Partition == merged.Partition && row.From >= merged.From && row.To <= merged.To && (row.From, row.To) != (merged.From, merged.To);
            bool isRepeated = row.Partition == last.Partition && row.From == last.From && row.Hour == last.Hour;
            if (!isRepeated && !isMerged && spans.TryGetValue(row.Partition, out AccountSpan span) && row.To <= span.To)
            {
                last = row;
                yield return row;
            }
        }
    }

    /// <summary>Rows of a table by partition and hour, of offsets that are accounted.</summary>
    public async IAsyncEnumerable<(LineKey Key, long Rows)> RowsAsync(
        EventTable table, IReadOnlyDictionary<int, AccountSpan> spans, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((int partition, AccountSpan span) in spans)
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT {sql.Hour("ts")} AS h, count(*) FROM {table.Name} WHERE log_partition = {sql.Number((ulong)partition)}");
            sql.Append($" AND log_offset >= {sql.Number((ulong)span.From)} AND log_offset < {sql.Number((ulong)span.To)} GROUP BY 1");
            await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
            {
                yield return (new LineKey(table.Name, partition, (long)rows.Number(0)), (long)rows.Number(1));
            }
        }
    }

    /// <summary>Dead letters: where they are, and their hour.</summary>
    public IAsyncEnumerable<(PartitionId Partition, long Offset, long Hour)> DeadLettersAsync(CancellationToken cancellationToken) =>
        PlacesAsync(sql => $"{sql.Hour("ts")} AS h FROM dead_letter", "", cancellationToken);

    /// <summary>Dead letters that left: of which partition, of which hour, how many, and the offset behind them.</summary>
    public async IAsyncEnumerable<(PartitionId Partition, long Hour, long Letters, long To)> LettersGoneAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition, to_offset, hour, max(letters) FROM dead_letter_expired "
            + "GROUP BY log, topic, log_partition, to_offset, hour");
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            yield return (new PartitionId(Text(rows, 0), Text(rows, 1), (int)rows.Number(2)), (long)rows.Number(4), (long)rows.Number(5), (long)rows.Number(3));
        }
    }

    /// <summary>Dead letters that became rows: where they are, and the hour of the row.</summary>
    public IAsyncEnumerable<(PartitionId Partition, long Offset, long Hour)> RetriedAsync(CancellationToken cancellationToken) =>
        PlacesAsync(_ => "hour AS h FROM dead_letter_resolved", " WHERE outcome = 'stored'", cancellationToken);

    /// <summary>What retention dropped, and (negative) brought back.</summary>
    public async IAsyncEnumerable<(LineKey Key, long Rows, long LastOffset)> ExpiredAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("topic")} AS t, log_partition, hour, rows, last_offset FROM expired");
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            yield return (new LineKey(Text(rows, 0), (int)rows.Number(1), (long)rows.Number(2)), (long)rows.Number(3), (long)rows.Number(4));
        }
    }

    // A letter or mark that is there twice is one.
    private async IAsyncEnumerable<(PartitionId Partition, long Offset, long Hour)> PlacesAsync(
        Func<SqlText, string> rest, string where, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append(
            $"SELECT {sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition, log_offset, {rest(sql)}{where} ORDER BY log, topic, log_partition, log_offset");
        (PartitionId, long) last = default;
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            PartitionId partition = new(Text(rows, 0), Text(rows, 1), (int)rows.Number(2));
            long offset = (long)rows.Number(3);
            if ((partition, offset) != last)
            {
                last = (partition, offset);
                yield return (partition, offset, (long)rows.Number(4));
            }
        }
    }

    private static string Text(IRowReader rows, int column) => Encoding.UTF8.GetString(rows.Bytes(column));
}
