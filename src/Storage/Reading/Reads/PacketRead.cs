using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Packets in the order of their times.</summary>
internal static class PacketRead
{
    private const byte Tcp = 6;
    private const int SmallPacket = 400;
    private const int Headers = 160;

    public static Task<IPacketCursor> OpenAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
        SqlText sql = NewBulk(store);
        AppendSelect(store, sql, "data");
        AppendWhere(sql, query);
        return OpenAsync(store, sql, cancellationToken);
    }

    public static Task<IPacketCursor> OpenSmallTcpAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
        SqlText sql = NewBulk(store);
        AppendSelect(store, sql, sql.Prefix("data", Headers));
        AppendWhere(sql, query);
        sql.Append($" AND protocol = {sql.Number(Tcp)} AND original_length < {sql.Number(SmallPacket)}");
        return OpenAsync(store, sql, cancellationToken);
    }

    public static void AppendWhere(SqlText sql, PacketQuery query)
    {
        sql.Append($" WHERE ts >= {sql.TimeFloor(query.Range.From)} AND ts < {sql.TimeCeiling(query.Range.To)}");
        sql.Append($" AND {sql.AnyOfTexts("host", query.Hosts)}");
        if (query.Flows is { } flows)
        {
            sql.Append($" AND {(flows.Count == 0 ? "1 = 0" : sql.AnyOf("flow", flows))}");
        }
    }

    private static SqlText NewBulk(ISqlStore store)
    {
        SqlText sql = store.NewText();
        sql.IsBulk = true;
        return sql;
    }

    private static void AppendSelect(ISqlStore store, SqlText sql, string data)
    {
        if (store.CutsTimes)
        {
            sql.Append($"SELECT {sql.NameColumn("host")}, ts, data_at, event, data FROM {TableNames.Of(Topics.Packet)}");
            return;
        }

        sql.Append($"SELECT {sql.NameColumn("host")} AS h, netns, flow, ts, {sql.NameColumn("interface")} AS i, direction, original_length, pid, process,");
        sql.Append($" local_port, {data} AS d FROM {TableNames.Of(Topics.Packet)}");
    }

    private static async Task<IPacketCursor> OpenAsync(ISqlStore store, SqlText sql, CancellationToken cancellationToken)
    {
        // The engine's order is (host, ts, sequence): for one host it streams.
        sql.Append(" ORDER BY ts, sequence");
        IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        return store.CutsTimes ? new SortedPacketCursor(rows) : new PacketCursor(rows);
    }
}
