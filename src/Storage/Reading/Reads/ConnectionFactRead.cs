using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>States and links of connections.</summary>
internal static class ConnectionFactRead
{
    public static async IAsyncEnumerable<ConnectionFact> RunAsync(
        ISqlStore store, TimeRange range, IReadOnlyCollection<ulong>? flows, IReadOnlyCollection<ulong>? connections,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("host")} AS h, netns, flow, connection, kind, state, ts, {sql.ClockOffset()}, from_ns, to_ns,");
        sql.Append($" client_random, pid, process_start, uid, process, local_port FROM {TableNames.Of(Topics.Connection)}");
        sql.Append($" WHERE ts >= {sql.TimeFloor(range.From)} AND ts < {sql.TimeCeiling(range.To)}");
        if (flows is not null || connections is not null)
        {
            string condition = Keys.Condition(sql, flows ?? [], connections ?? []);
            sql.Append($" AND ({condition})");
        }

        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        var texts = new TextCache();
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            long offset = (long)rows.Number(7);
            ulong from = rows.Number(8);
            ulong to = rows.Number(9);
            yield return new ConnectionFact(
                new FlowKey(texts.Get(rows.Bytes(0)), (uint)rows.Number(1), rows.Number(2)),
                rows.Number(3),
                (byte)rows.Number(4),
                (byte)rows.Number(5),
                rows.Time(6),
                from == 0 ? null : (long)from + offset,
                to == 0 ? null : (long)to + offset,
                rows.Bytes(10).ToArray(),
                new ProcessFact((uint)rows.Number(11), rows.Number(12), (uint)rows.Number(13), texts.Get(rows.Bytes(14)), offset),
                (ushort)rows.Number(15));
        }
    }
}
