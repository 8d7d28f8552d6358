using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Streams events in a stable order, in pages by key: (ts, run, topic, partition, sequence).</summary>
internal static class SearchRead
{
    private const int PageRows = 2000;
    private const int ResultBatch = 200;

    // Every search is an access itself: a search that found those would find itself.
    private static readonly string[] s_defaultTopics = [.. Topics.All.Where(t => t is not (Topics.Packet or Topics.Secret or Topics.Access))];

    public static async IAsyncEnumerable<StoredEvent> RunAsync(
        ISqlStore store, EventFilter filter, EventOrder order, EventCursor? after, int? limit,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (limit is <= 0)
        {
            yield break;
        }

        IReadOnlyList<string> topics = filter.Topics.Count > 0 ? filter.Topics : s_defaultTopics;
        long? from = filter.From;
        long? to = filter.To;
        if (after is { } start && order == EventOrder.Oldest)
        {
            from = Math.Max(start.Time, from ?? long.MinValue);
        }
        else if (after is { } end)
        {
            to = Math.Min(end.Time == long.MaxValue ? end.Time : end.Time + 1, to ?? long.MaxValue);
        }

        SearchWindow window = filter.Events.Count > 0 ? new(order, from, to) : new(order, from, to, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100);
        long left = limit ?? long.MaxValue;
        var batch = new List<StoredEvent>(ResultBatch);
        while (true)
        {
            int page = (int)Math.Min(PageRows, left);
            int count = 0;
            await using (IRowReader rows = await store.QueryAsync(
                Statement(store, filter, topics, order, window.Current, after, page), cancellationToken).ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    StoredEvent stored = Read(rows);
                    after = stored.Cursor;
                    count++;
                    batch.Add(stored);
                    if (batch.Count == ResultBatch)
                    {
                        await ResultRead.JoinAsync(store, batch, cancellationToken).ConfigureAwait(false);
                        foreach (StoredEvent found in batch)
                        {
                            yield return found;
                        }

                        batch.Clear();
                    }
                }
            }

            await ResultRead.JoinAsync(store, batch, cancellationToken).ConfigureAwait(false);
            foreach (StoredEvent found in batch)
            {
                yield return found;
            }

            batch.Clear();
            left -= count;
            if (left == 0 || (count < page && window.IsLast))
            {
                yield break;
            }

            if (count == page)
            {
                window.Continue(after!.Value.Time);
            }
            else
            {
                window.Advance(count < page / 2);
            }
        }
    }

    private static SqlText Statement(
        ISqlStore store, EventFilter filter, IReadOnlyList<string> topics, EventOrder order, TimeRange window, EventCursor? after, int page)
    {
        SqlText sql = store.NewText();
        EventFilter inWindow = filter with
        {
            From = window.From == long.MinValue ? null : window.From,
            To = window.To == long.MaxValue ? null : window.To,
        };
        sql.Append("SELECT topic, run, partition, sequence, ts, data_at, event, data FROM (");
        for (int i = 0; i < topics.Count; i++)
        {
            string topic = topics[i];
            sql.Append(i == 0 ? "" : " UNION ALL ");
            sql.Append($"SELECT {sql.NameColumn(sql.Topic(topic))} AS topic, run, partition, sequence, ts, data_at, event, data FROM {TableNames.Of(topic)}");
            FilterConditions.AppendWhere(sql, inWindow, topic);
            if (after is { } cursor)
            {
                AppendCursor(sql, topic, order, cursor);
            }
        }

        string direction = order == EventOrder.Newest ? " DESC" : "";
        sql.Append($") AS found ORDER BY ts{direction}, run{direction}, topic{direction}, partition{direction}, sequence{direction} LIMIT {sql.Number((ulong)page)}");
        return sql;
    }

    private static void AppendCursor(SqlText sql, string topic, EventOrder order, EventCursor cursor)
    {
        string beyond = order == EventOrder.Newest ? "<" : ">";
        string time = sql.TimeFloor(cursor.Time);
        string run = sql.Uuid(cursor.Id.Run);
        // Topics are compared here, in the order of their bytes as the stores do, so that each table gets the plainest condition.
        int side = string.CompareOrdinal(topic, cursor.Id.Topic) * (order == EventOrder.Newest ? -1 : 1);
        string tie = side switch
        {
            > 0 => "1 = 1",
            < 0 => "1 = 0",
            _ => $"(partition {beyond} {sql.Number((ulong)cursor.Id.Partition)} OR (partition = {sql.Number((ulong)cursor.Id.Partition)}"
                + $" AND sequence {beyond} {sql.Number(cursor.Id.Sequence)}))",
        };
        sql.Append($" AND (ts {beyond} {time} OR (ts = {time} AND (run {beyond} {run} OR (run = {run} AND {tie}))))");
    }

    private static StoredEvent Read(IRowReader rows)
    {
        byte[] encoding = RebuiltEvent.Encode(rows, dataAt: 5, @event: 6, data: 7);
        var id = new EventId(rows.Uuid(1), TopicOf(rows.Bytes(0)), (int)rows.Number(2), rows.Number(3));
        return new StoredEvent(id, rows.Time(4), encoding);
    }

    private static string TopicOf(ReadOnlySpan<byte> name)
    {
        foreach (string topic in Topics.All)
        {
            if (System.Text.Encoding.UTF8.GetByteCount(topic) == name.Length && System.Text.Ascii.Equals(name, topic))
            {
                return topic;
            }
        }

        throw new StoreException("the store answered with a topic that was not asked for", isTransient: false);
    }
}
