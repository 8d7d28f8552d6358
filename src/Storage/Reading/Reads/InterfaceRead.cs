using System.Text;
using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>The interfaces of packets.</summary>
internal static class InterfaceRead
{
    public static async Task<IReadOnlyList<StoredInterface>> RunAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
        if (store.CutsTimes)
        {
            return []; // rows that carry their event say it themselves; looking for them all would read every packet
        }

        SqlText sql = store.NewText();
        sql.Append($"SELECT DISTINCT {sql.NameColumn("host")} AS h, {sql.NameColumn("interface")} AS i FROM {TableNames.Of(Topics.Packet)}");
        PacketRead.AppendWhere(sql, query);
        sql.Append(" ORDER BY h, i");
        var found = new List<(string Host, string Name)>();
        await using (IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                found.Add((Encoding.UTF8.GetString(rows.Bytes(0)), Encoding.UTF8.GetString(rows.Bytes(1))));
            }
        }

        var list = new List<StoredInterface>(found.Count);
        foreach ((string host, string name) in found)
        {
            list.Add(new StoredInterface(host, name, await LinkTypeAsync(store, query, host, name, cancellationToken).ConfigureAwait(false)));
        }

        return list;
    }

    private static async Task<ushort> LinkTypeAsync(
        ISqlStore store, PacketQuery query, string host, string name, CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT data_at, event, data FROM {TableNames.Of(Topics.Packet)}");
        PacketRead.AppendWhere(sql, query with { Hosts = [host] });
        sql.Append($" AND {sql.AnyOfTexts("interface", [name])} LIMIT 1");
        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        if (!await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            return StoredInterface.Ethernet; // the rows expired since they were listed
        }

        return LinkTypes.Read(RebuiltEvent.Encode(rows, dataAt: 0, @event: 1, data: 2));
    }
}
