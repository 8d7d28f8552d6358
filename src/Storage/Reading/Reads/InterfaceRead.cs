using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>The interfaces of packets. Link types stand only in the events, so one packet of each interface is looked at.</summary>
internal static class InterfaceRead
{
    private const ushort Ethernet = 1;

    public static async Task<IReadOnlyList<StoredInterface>> RunAsync(ISqlStore store, PacketQuery query, CancellationToken cancellationToken)
    {
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
            return Ethernet; // the rows expired since they were listed
        }

        try
        {
            Event stored = Event.Parser.ParseFrom(RebuiltEvent.Encode(rows, dataAt: 0, @event: 1, data: 2));
            return (ushort)(stored.Packet?.LinkType ?? Ethernet);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException e)
        {
            throw new StoreException($"a packet row of {host} {name} holds no event; was the table written by another program?", isTransient: false, e);
        }
    }
}
