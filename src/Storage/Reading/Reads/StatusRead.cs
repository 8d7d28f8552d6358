using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

internal static class StatusRead
{
    public static async Task<IReadOnlyList<TopicStatus>> RunAsync(ISqlStore store, CancellationToken cancellationToken)
    {
        var list = new List<TopicStatus>();
        foreach (string topic in Topics.All)
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT count(*), max(ts) FROM {TableNames.Of(topic)}");
            await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            long count = 0;
            long? last = null;
            if (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                count = (long)rows.Number(0);
                last = count == 0 ? null : rows.Time(1);
            }

            list.Add(new TopicStatus(topic, count, last));
        }

        return list;
    }
}
