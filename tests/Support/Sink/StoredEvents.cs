using System.Buffers.Binary;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Tests.Support.Sink;

/// <summary>An event as a store gives it back.</summary>
/// <param name="Table">The table.</param>
/// <param name="Run">Run,</param>
/// <param name="Partition">partition</param>
/// <param name="Sequence">and sequence as the columns say.</param>
/// <param name="Encoded">event[0..data_at] + data + event[data_at..], in hexadecimal digits.</param>
public sealed record StoredEvent(string Table, Guid Run, int Partition, long Sequence, string Encoded);

/// <summary>Reads whole stores, for comparison.</summary>
public static class StoredEvents
{
    public static async Task<List<StoredEvent>> ReadAsync(Store store, CancellationToken cancellationToken)
    {
        List<StoredEvent> events = [];
        foreach (EventTable table in EventTable.All)
        {
            await (store is ClickHouseStore clickHouse
                ? ReadAsync(clickHouse, table.Name, events, cancellationToken)
                : ReadAsync((PostgresStore)store, table.Name, events, cancellationToken));
        }

        return events;
    }

    private static async Task ReadAsync(ClickHouseStore store, string table, List<StoredEvent> events, CancellationToken cancellationToken)
    {
        await using Stream result = await store.Engine.QueryAsync(
            $"SELECT run, partition, sequence, data_at, data, event FROM `{table}`", new Dictionary<string, string>(), "RowBinary", cancellationToken);
        using MemoryStream copy = new();
        await result.CopyToAsync(copy, cancellationToken);
        ReadOnlySpan<byte> rest = copy.ToArray();
        Span<byte> run = stackalloc byte[16];
        while (rest.Length > 0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(run, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            BinaryPrimitives.WriteUInt64BigEndian(run[8..], BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
            int partition = BinaryPrimitives.ReadUInt16LittleEndian(rest[16..]);
            long sequence = BinaryPrimitives.ReadInt64LittleEndian(rest[18..]);
            int at = BinaryPrimitives.ReadInt32LittleEndian(rest[26..]);
            rest = rest[30..];
            ReadOnlySpan<byte> data = TakeString(ref rest);
            ReadOnlySpan<byte> other = TakeString(ref rest);
            events.Add(new StoredEvent(table, new Guid(run, bigEndian: true), partition, sequence, Join(other, data, at)));
        }
    }

    private static async Task ReadAsync(PostgresStore store, string table, List<StoredEvent> events, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = store.DataSource.CreateCommand($"SELECT run, partition, sequence, data_at, data, event FROM \"{table}\"");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            events.Add(new StoredEvent(
                table, reader.GetGuid(0), reader.GetInt32(1), reader.GetInt64(2),
                Join(reader.GetFieldValue<byte[]>(5), reader.GetFieldValue<byte[]>(4), reader.GetInt32(3))));
        }
    }

    private static string Join(ReadOnlySpan<byte> other, ReadOnlySpan<byte> data, int at) =>
        Convert.ToHexString(other[..at]) + Convert.ToHexString(data) + Convert.ToHexString(other[at..]);

    private static ReadOnlySpan<byte> TakeString(ref ReadOnlySpan<byte> rest)
    {
        int length = 0;
        int at = 0;
        for (int shift = 0; ; shift += 7)
        {
            length |= (rest[at] & 0x7F) << shift;
            if (rest[at++] < 0x80)
            {
                break;
            }
        }

        ReadOnlySpan<byte> text = rest.Slice(at, length);
        rest = rest[(at + length)..];
        return text;
    }
}
