using System.Text;
using ECapture.Sink.Delivery;
using ECapture.Sink.Holds;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Sink.Books;

/// <summary>What the books of a store say.</summary>
internal sealed class BookReads(ISqlStore store)
{
    private const long MillisecondsPerDay = 86_400_000;

    /// <summary>Up to where dead letters have left, by partition: one below that, if it is there at all, counts no more.</summary>
    public async Task<IReadOnlyDictionary<PartitionId, long>> LettersGoneAsync(CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {Place(sql)}, max(to_offset) FROM dead_letter_expired GROUP BY log, topic, log_partition");
        Dictionary<PartitionId, long> gone = [];
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            gone[PartitionOf(rows)] = (long)rows.Number(3);
        }

        return gone;
    }

    /// <summary>The dead letters of a topic, by partition: the first and the last, and the first that must stay.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="before">Those that were kept before this, nanoseconds of the epoch, may go.</param>
    /// <param name="holds">The holds in force.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<LetterRange>> LettersAsync(string topic, long before, IReadOnlyList<LegalHold> holds, CancellationToken cancellationToken)
    {
        const string Never = "9223372036854775807";
        SqlText sql = store.NewText();
        string stays = string.Join(" OR ", holds.Where(hold => hold.Modules.Count == 0 || hold.Modules.Contains(topic)).Select(hold => $"({Held(sql, hold)})")
            .Prepend($"at >= {sql.TimeFloor(before)}"));
        sql.Append($"SELECT {Place(sql)}, min(log_offset), max(log_offset), min(CASE WHEN {stays} THEN log_offset ELSE {Never} END) FROM dead_letter WHERE {sql.AnyOfTexts("topic", [topic])} "
            + "GROUP BY log, topic, log_partition");
        List<LetterRange> ranges = [];
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            ranges.Add(new LetterRange(PartitionOf(rows), (long)rows.Number(3), (long)rows.Number(4), (long)rows.Number(5)));
        }

        return ranges;
    }

    /// <summary>The batches whose accounts can be added up: those written on days before one, but the last of each partition, which a sink may run again.</summary>
    /// <param name="day">Days since 1970.</param>
    /// <param name="ends">Where the accounts of each partition end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<AccountGroup>> GroupsAsync(long day, IReadOnlyDictionary<PartitionId, long> ends, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {Place(sql)}, from_offset, to_offset, {sql.Milliseconds("max(at)")} AS m, max(batches) FROM sink_account ");
        sql.Append($"WHERE at < {sql.TimeFloor(day * MillisecondsPerDay * 1_000_000)} GROUP BY log, topic, log_partition, from_offset, to_offset ");
        sql.Append("ORDER BY topic, log, log_partition, from_offset, to_offset DESC");
        sql.IsBulk = true;
        AccountGrouping grouping = new();
        await foreach (IRowReader rows in store.RowsAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            PartitionId partition = PartitionOf(rows);
            (long from, long to) = ((long)rows.Number(3), (long)rows.Number(4));
            if (ends.TryGetValue(partition, out long end) && to < end)
            {
                grouping.Add(partition, from, to, (long)rows.Number(5) / MillisecondsPerDay, isMerged: rows.Number(6) > 1);
            }
        }

        return grouping.Complete();
    }

    // Nobody knows the host or the process of a record that is no event: a hold of them holds every letter of its time. Where the time cannot be read either, the
    // record is not younger than the letter.
    private static string Held(SqlText sql, LegalHold hold)
    {
        string since = hold.Since is { } from ? sql.TimeFloor(Nanoseconds(from)) : "";
        string known = (since.Length > 0 ? $" AND ts >= {since}" : "") + (hold.Until is { } until ? $" AND ts < {sql.TimeCeiling(Nanoseconds(until))}" : "");
        string unknown = since.Length > 0 ? $" AND at >= {since}" : "";
        return $"({sql.Hour("ts")} > 0{known}) OR ({sql.Hour("ts")} = 0{unknown})";
    }

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static string Place(SqlText sql) => $"{sql.NameColumn("log")} AS l, {sql.NameColumn("topic")} AS t, log_partition";

    private static PartitionId PartitionOf(IRowReader rows) =>
        new(Encoding.UTF8.GetString(rows.Bytes(0)), Encoding.UTF8.GetString(rows.Bytes(1)), (int)rows.Number(2));
}
