using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Counts statements by their fingerprints.</summary>
internal static class StatementGroupRead
{
    private static readonly string[] s_topics = [Topics.Postgres, Topics.Mysqld];

    public static async Task<IReadOnlyList<StatementGroup>> RunAsync(ISqlStore store, EventFilter filter, int limit, CancellationToken cancellationToken)
    {
        List<StatementGroup> groups = [];
        foreach (string topic in s_topics.Where(t => filter.Topics.Count == 0 || filter.Topics.Contains(t)))
        {
            SqlText sql = store.NewText();
            sql.IsSummary = true;
            sql.Append($"SELECT fingerprint, count(*) AS n, sum(CASE WHEN outcome = {sql.Number((ulong)SqlStatement.Types.Outcome.Error)} THEN 1 ELSE 0 END),");
            sql.Append(" CAST(coalesce(sum(rows), 0) AS bigint), CAST(sum(duration_ns) AS bigint), max(duration_ns), min(ts), max(ts)");
            sql.Append($" FROM {TableNames.Of(topic)}");
            FilterConditions.AppendWhere(sql, filter, topic);
            sql.Append($" GROUP BY fingerprint ORDER BY n DESC, fingerprint LIMIT {sql.Number((ulong)limit)}");
            await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                groups.Add(new StatementGroup(
                    topic, rows.Number(0), (long)rows.Number(1), (long)rows.Number(2), (long)rows.Number(3), (long)rows.Number(4), (long)rows.Number(5), rows.Time(6), rows.Time(7)));
            }
        }

        return [.. groups.OrderByDescending(g => g.Count).ThenBy(g => g.Fingerprint).Take(limit)];
    }
}
