using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Google.Protobuf;
using Npgsql;

namespace ECapture.Tests.Support.Querying;

/// <summary>Puts events straight into a store's tables, without a log or a sink.</summary>
public static class StoreLoader
{
    /// <summary>Rows of one insert.</summary>
    private const int BlockRows = 20_000;

    public static Task LoadAsync(Store store, IEnumerable<Event> events, CancellationToken cancellationToken) =>
        LoadAsync(store, events.Select(e => (e.Topic, e.WallNs, e.ToByteArray())), cancellationToken);

    public static async Task LoadAsync(
        Store store, IEnumerable<(string Topic, ulong WallNs, byte[] Encoding)> events, CancellationToken cancellationToken)
    {
        // A block holds rows of one table and one day, as the sink's do.
        foreach (IGrouping<(string Topic, DateOnly Day), (string Topic, ulong WallNs, byte[] Encoding)> group in
            events.GroupBy(e => (e.Topic, DateOnly.FromDateTime(DateTime.UnixEpoch.AddTicks((long)(e.WallNs / 100))))))
        {
            foreach ((string Topic, ulong WallNs, byte[] Encoding)[] chunk in group.Chunk(BlockRows))
            {
                EventTable table = EventTable.Of(group.Key.Topic)!;
                if (store is ClickHouseStore clickHouse)
                {
                    await InsertAsync(clickHouse, table, chunk, cancellationToken);
                }
                else
                {
                    await CopyAsync((PostgresStore)store, table, group.Key.Day, chunk, cancellationToken);
                }
            }
        }
    }

    private static async Task InsertAsync(
        ClickHouseStore store, EventTable table, (string Topic, ulong WallNs, byte[] Encoding)[] events, CancellationToken cancellationToken)
    {
        var block = new NativeBlock(table, BufferPool.None);
        foreach ((_, _, byte[] encoding) in events)
        {
            if (!EventReader.TryRead(encoding, out EventFields fields))
            {
                throw new ArgumentException("no event", nameof(events));
            }

            block.Append(new EventRow(encoding, ref fields, 0, 0));
        }

        await store.Engine.InsertAsync($"INSERT INTO `{table.Name}` ({table.ColumnList})", block.ToSequence(), cancellationToken);
    }

    private static async Task CopyAsync(
        PostgresStore store, EventTable table, DateOnly day, (string Topic, ulong WallNs, byte[] Encoding)[] events, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await store.DataSource.OpenConnectionAsync(cancellationToken);
        string partition = $"CREATE TABLE IF NOT EXISTS \"{table.Name}_{day:yyyyMMdd}\" PARTITION OF \"{table.Name}\""
            + $" FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00')";
        await using (NpgsqlCommand command = new(partition, connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        var rows = new CopyBuffer(table, BufferPool.None);
        foreach ((_, _, byte[] encoding) in events)
        {
            if (!EventReader.TryRead(encoding, out EventFields fields))
            {
                throw new ArgumentException("no event", nameof(events));
            }

            rows.Append(new EventRow(encoding, ref fields, 0, 0));
        }

        await using NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY \"{table.Name}\" ({table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (ReadOnlyMemory<byte> piece in rows.Complete())
        {
            await copy.WriteAsync(piece, cancellationToken);
        }
    }
}
