using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>How much plaintext connections had.</summary>
internal static class TrafficRead
{
    public static async Task<IReadOnlyList<ConnectionTraffic>> RunAsync(ISqlStore store, EventFilter filter, CancellationToken cancellationToken)
    {
        List<ConnectionTraffic> traffic = [];
        var texts = new TextCache();
        foreach (string topic in Topics.Plaintext)
        {
            SqlText sql = store.NewText();
            sql.Append($"SELECT {sql.NameColumn("host")} AS h, connection, direction, max(stream_offset + length(data)) FROM {TableNames.Of(topic)}");
            FilterConditions.AppendWhere(sql, filter, topic);
            sql.Append(" GROUP BY host, connection, direction");
            await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                traffic.Add(new ConnectionTraffic(
                    texts.Get(rows.Bytes(0)), rows.Number(1), topic, rows.Number(2) == (ulong)Direction.Sent, rows.Number(3)));
            }
        }

        return traffic;
    }
}
