using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>TLS secrets.</summary>
internal static class SecretRead
{
    public static async IAsyncEnumerable<StoredSecret> RunAsync(
        ISqlStore store, TimeRange range, IReadOnlyCollection<byte[]>? clientRandoms, IReadOnlyCollection<ulong> flows,
        IReadOnlyCollection<ulong> connections, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = store.NewText();
        sql.Append($"SELECT {sql.NameColumn("label")} AS l, client_random, {sql.NameColumn("host")} AS h, netns, flow, connection, ts, data_at, event, data");
        sql.Append($" FROM {TableNames.Of(Topics.Secret)}");
        sql.Append($" WHERE ts >= {sql.TimeFloor(range.From)} AND ts < {sql.TimeCeiling(range.To)}");
        if (clientRandoms is not null)
        {
            string condition = Keys.Condition(sql, flows, connections);
            string randoms = clientRandoms.Count > 0 ? sql.AnyOfBytes("client_random", clientRandoms) : "1 = 0";
            sql.Append($" AND ({condition} OR {randoms})");
        }

        await using IRowReader rows = await store.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        var texts = new TextCache();
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            byte[] secret = rows.Bytes(9).ToArray();
            Event? whole = Parse(RebuiltEvent.Encode(rows, 7, 8, 9));
            yield return new StoredSecret(
                texts.Get(rows.Bytes(0)), rows.Bytes(1).ToArray(), secret,
                new FlowKey(texts.Get(rows.Bytes(2)), (uint)rows.Number(3), rows.Number(4)), rows.Number(5), rows.Time(6))
            {
                Sealed = secret.Length == 0 && whole?.TlsSecret?.Sealed is not null ? whole : null,
                Earlier = whole?.TlsSecret?.Position is not null ? whole : null,
            };
        }
    }

    private static Event? Parse(ReadOnlySpan<byte> encoding)
    {
        try
        {
            return Event.Parser.ParseFrom(encoding);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null; // the sink stores no such event; another hand was in the table
        }
    }
}
