using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Which flows and connections the rows of a filter belong to.</summary>
internal static class FlowMatchRead
{
    private static readonly string[] s_defaultTopics = [Topics.Packet, Topics.Tls, Topics.GnuTls, Topics.GoTls, Topics.Nss, Topics.Http, Topics.Connection, Topics.Postgres, Topics.Mysqld];

    public static async IAsyncEnumerable<FlowMatch> RunAsync(
        ISqlStore store, EventFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<string> topics = filter.Topics.Count > 0 ? filter.Topics : s_defaultTopics;
        await using IRowReader rows = await store.QueryAsync(Statement(store, filter, topics), cancellationToken).ConfigureAwait(false);
        var texts = new TextCache();
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var process = new ProcessFact(
                (uint)rows.Number(4), rows.Number(5), (uint)rows.Number(7), texts.Get(rows.Bytes(8)), (long)rows.Number(9));
            yield return new FlowMatch(
                new FlowKey(texts.Get(rows.Bytes(0)), (uint)rows.Number(1), rows.Number(2)), rows.Number(3), process,
                (ushort)rows.Number(6), rows.Time(10), rows.Time(11))
            { Topic = topics[(int)rows.Number(12)] };
        }
    }

    private static SqlText Statement(ISqlStore store, EventFilter filter, IReadOnlyList<string> topics)
    {
        SqlText sql = store.NewText();
        sql.IsSummary = true;
        // A text is a property of single rows: where a flow served several sessions, seconds keep those apart that have it.
        string second = filter.Text is null ? "" : $", {sql.Second("ts")}";
        sql.Append("SELECT h, netns, flow, connection, pid, process_start, local_port, uid, process, clock_offset, first_ts, last_ts, place FROM (");
        for (int i = 0; i < topics.Count; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ");
            sql.Append($"SELECT {sql.NameColumn("host")} AS h, netns, flow, connection, pid, process_start, local_port, uid, process,");
            sql.Append($" {sql.ClockOffset("min(ts)", "min(boot_ns)")} AS clock_offset, min(ts) AS first_ts, max(ts) AS last_ts, {Place(i)} AS place FROM {TableNames.Of(topics[i])}");
            FilterConditions.AppendWhere(sql, filter with { IncludeResults = true }, topics[i]);
            sql.Append($" {Known(topics[i])} GROUP BY host, netns, flow, connection, pid, process_start, local_port, uid, process{second}");
        }

        // The first process that is known of a session's end is the one that is shown.
        sql.Append(") AS found ORDER BY place, first_ts, pid");
        return sql;
    }

    // A session of PostgreSQL has a process of its own, which is enough to tell it from others.
    private static string Known(string topic) => topic == Topics.Postgres ? "AND pid <> 0" : "AND (flow <> 0 OR connection <> 0)";

    private static string Place(int place) => place.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
