using System.Text;
using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>The interfaces of packets.</summary>
internal static class InterfaceRead
{
    private const int MostInStatement = 50;

    public static async Task<IReadOnlyList<StoredInterface>> RunAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
        if (store.CutsTimes)
        {
            return []; // rows that carry their event say it themselves; looking for them all would read every packet
        }

        var list = new List<StoredInterface>();
        foreach ((string Host, string Name, long First)[] chunk in (await ListAsync(store, query, cancellationToken).ConfigureAwait(false)).Chunk(MostInStatement))
        {
            ushort?[] types = await LinkTypesAsync(store, chunk, cancellationToken).ConfigureAwait(false);
            list.AddRange(chunk.Zip(types, (i, type) => new StoredInterface(i.Host, i.Name, type ?? StoredInterface.Ethernet))); // null: expired since it was listed
        }

        return list;
    }

    private static async Task<List<(string Host, string Name, long First)>> ListAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.IsSummary = true;
        sql.Append($"SELECT {sql.NameColumn("host")} AS h, {sql.NameColumn("interface")} AS i, min(ts) AS first_ts FROM {TableNames.Of(Topics.Packet)}");
        PacketRead.AppendWhere(sql, query);
        sql.Append(" GROUP BY host, interface ORDER BY h, i");
        var found = new List<(string Host, string Name, long First)>();
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add((Encoding.UTF8.GetString(rows.Bytes(0)), Encoding.UTF8.GetString(rows.Bytes(1)), rows.Time(2)));
        }

        return found;
    }

    /// <summary>What the first packet of each interface says: host and time find it.</summary>
    private static async Task<ushort?[]> LinkTypesAsync(ISqlStore store, (string Host, string Name, long First)[] interfaces, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        for (int i = 0; i < interfaces.Length; i++)
        {
            (string host, string name, long first) = interfaces[i];
            sql.Append($"{(i == 0 ? "" : " UNION ALL ")}(SELECT {sql.Number((ulong)i)} AS place, data_at, event, data FROM {TableNames.Of(Topics.Packet)}");
            sql.Append($" WHERE ts >= {sql.TimeFloor(first)} AND ts <= {sql.TimeCeiling(first)} AND {sql.AnyOfTexts("host", [host])}");
            sql.Append($" AND {sql.AnyOfTexts("interface", [name])} LIMIT 1)");
        }

        var types = new ushort?[interfaces.Length];
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            types[(int)rows.Number(0)] = LinkTypes.Read(RebuiltEvent.Encode(rows, dataAt: 1, @event: 2, data: 3));
        }

        return types;
    }
}
