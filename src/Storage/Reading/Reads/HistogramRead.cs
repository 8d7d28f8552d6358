using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Counts events in spans of equal length.</summary>
internal static class HistogramRead
{
    public static async Task<IReadOnlyList<HistogramBucket>> RunAsync(
        ISqlStore store, EventFilter filter, long width, CancellationToken cancellationToken)
    {
        long from = filter.From ?? throw new ArgumentException("a histogram needs a begin", nameof(filter));
        List<HistogramBucket> buckets = [];
        // Whether a text is in a secret is told to those who name the module, as searches do: counts would give it away piece by piece.
        IEnumerable<string> all = filter.UsesPayload ? Topics.All.Where(topic => topic != Topics.Secret) : Topics.All;
        foreach (string topic in filter.Topics.Count > 0 ? filter.Topics : all)
        {
            SqlText sql = store.NewText();
            sql.IsSummary = true;
            sql.Append($"SELECT {sql.Bucket("ts", from, width)} AS bucket, count(*) FROM {TableNames.Of(topic)}");
            FilterConditions.AppendWhere(sql, filter, topic);
            sql.Append(" GROUP BY bucket ORDER BY bucket");
            await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                // Where one store cuts times to microseconds, an event may stand just before the first span: it is the first's.
                long index = Math.Max(0, (long)rows.Number(0));
                buckets.Add(new HistogramBucket(topic, from + (index * width), (long)rows.Number(1)));
            }
        }

        return buckets;
    }
}
