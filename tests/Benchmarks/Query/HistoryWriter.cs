using System.Globalization;
using ECapture.Events;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Benchmarks.Query;

/// <summary>Puts events straight into a store's tables, in blocks of some 30 MB, as fast as the store takes them.</summary>
internal sealed class HistoryWriter(Store store)
{
    private const long FullAt = 30 << 20;

    private readonly Dictionary<string, NativeBlock> _blocks = [];
    private readonly Dictionary<string, CopyBuffer> _copies = [];
    private readonly BufferPool _pool = new();
    private long _pending;

    public long Rows { get; private set; }

    public bool IsFull => _pending >= FullAt;

    public void Append(string topic, ReadOnlySpan<byte> encoded)
    {
        if (!EventReader.TryRead(encoded, out EventFields fields))
        {
            throw new ArgumentException("no event", nameof(encoded));
        }

        EventRow row = new(encoded, ref fields, 0, Rows++);
        _pending += encoded.Length;
        if (store is ClickHouseStore)
        {
            if (!_blocks.TryGetValue(topic, out NativeBlock? block))
            {
                _blocks.Add(topic, block = new NativeBlock(EventTable.Of(topic)!, _pool));
            }

            block.Append(row);
            return;
        }

        if (!_copies.TryGetValue(topic, out CopyBuffer? copy))
        {
            _copies.Add(topic, copy = new CopyBuffer(EventTable.Of(topic)!, _pool));
        }

        copy.Append(row);
    }

    /// <summary>Writes what was collected, all of one day.</summary>
    public async Task FlushAsync(DateOnly day, CancellationToken cancellationToken)
    {
        if (store is ClickHouseStore clickHouse)
        {
            foreach (NativeBlock block in _blocks.Values.Where(b => b.Rows > 0))
            {
                await clickHouse.Engine.InsertAsync(
                    $"INSERT INTO `{block.Table.Name}` ({block.Table.ColumnList}) SETTINGS async_insert = 0, insert_deduplication_token = '{Guid.NewGuid():N}'",
                    block.ToSequence(), cancellationToken);
                block.Clear();
            }
        }
        else
        {
            await using NpgsqlConnection connection = await ((PostgresStore)store).DataSource.OpenConnectionAsync(cancellationToken);
            foreach (CopyBuffer rows in _copies.Values.Where(c => c.Rows > 0))
            {
                await CopyAsync(connection, rows, day, cancellationToken);
                rows.Clear();
            }
        }

        _pending = 0;
    }

    private static async Task CopyAsync(NpgsqlConnection connection, CopyBuffer rows, DateOnly day, CancellationToken cancellationToken)
    {
        string name = rows.Table.Name;
        string partition = string.Create(
            CultureInfo.InvariantCulture,
            $"CREATE TABLE IF NOT EXISTS \"{name}_{day:yyyyMMdd}\" PARTITION OF \"{name}\" FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00')");
        await using (NpgsqlCommand command = new(partition, connection))
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await using NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY \"{name}\" ({rows.Table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (ReadOnlyMemory<byte> piece in rows.Complete())
        {
            await copy.WriteAsync(piece, cancellationToken);
        }
    }
}
