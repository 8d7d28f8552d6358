using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using ECapture.Events;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Benchmarks.Sink;

/// <summary>A store that is filled by hand with what was made before: its own speed.</summary>
/// <param name="store">The store.</param>
/// <param name="topic">Whose events it is filled with.</param>
internal sealed class BenchStore(Store store, string topic)
{
    private const int RowsPerInsert = 100_000;
    private const int Blocks = 5;

    private readonly EventTable _table = EventTable.Of(topic)!;
    private readonly List<byte[]> _prebuilt = [];
    private readonly List<(int Sequence, int Time)> _columns = []; // where they begin, in Native blocks

    /// <summary>
    /// Makes half a million rows in the store's own format. A longer run writes them again and again; in Native blocks sequence and time go on, so that
    /// the engine sorts and merges what it would sort and merge.
    /// </summary>
    public void Prebuild()
    {
        EncodedEvents events = new(topic);
        NativeBlock block = new(_table, BufferPool.None);
        CopyBuffer copy = new(_table, BufferPool.None);
        for (int i = 0; i < Blocks; i++)
        {
            byte[][] encoded = events.Next(RowsPerInsert);
            for (int row = 0; row < encoded.Length; row++)
            {
                EventReader.TryRead(encoded[row], out EventFields fields);
                EventRow made = new(encoded[row], ref fields, 0, ((long)i * RowsPerInsert) + row);
                if (store is ClickHouseStore)
                {
                    block.Append(made);
                }
                else
                {
                    copy.Append(made);
                }
            }

            byte[] bytes = store is ClickHouseStore ? block.ToSequence().ToArray() : copy.Complete().ToArray();
            _prebuilt.Add(bytes);
            if (store is ClickHouseStore)
            {
                _columns.Add((NativeLayout.Find(bytes, "sequence"), NativeLayout.Find(bytes, "ts")));
            }

            block.Clear();
            copy.Clear();
        }
    }

    /// <summary>Writes prebuilt bytes and nothing else.</summary>
    public async Task FillAsync(long rows, Action<long> written, CancellationToken cancellationToken)
    {
        for (long done = 0; done < rows; done += RowsPerInsert)
        {
            int which = (int)(done / RowsPerInsert % Blocks);
            if (store is ClickHouseStore clickHouse)
            {
                await clickHouse.Engine.InsertAsync(
                    $"INSERT INTO `{_table.Name}` ({_table.ColumnList}) SETTINGS async_insert = 0, insert_deduplication_token = '{Guid.NewGuid():N}'",
                    new ReadOnlySequence<byte>(_prebuilt[which]),
                    cancellationToken);
                MoveOn(which);
            }
            else
            {
                await using NpgsqlConnection connection = await ((PostgresStore)store).DataSource.OpenConnectionAsync(cancellationToken);
                await using NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
                    $"COPY \"{_table.Name}\" ({_table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken);
                await copy.WriteAsync(_prebuilt[which], cancellationToken);
            }

            written(Math.Min(rows, done + RowsPerInsert));
        }
    }

    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        if (store is ClickHouseStore clickHouse)
        {
            using Stream result = await clickHouse.Engine.QueryAsync($"SELECT count() FROM `{_table.Name}`", new Dictionary<string, string>(), "RowBinary", cancellationToken);
            byte[] count = new byte[8];
            await result.ReadExactlyAsync(count, cancellationToken);
            return BinaryPrimitives.ReadInt64LittleEndian(count);
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand($"SELECT count(*) FROM \"{_table.Name}\"");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    /// <summary>Makes the partition of the events' day, which the sink does by itself.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (store is PostgresStore postgres)
        {
            await using NpgsqlCommand command = postgres.DataSource.CreateCommand(
                $"CREATE TABLE IF NOT EXISTS \"{_table.Name}_20261120\" PARTITION OF \"{_table.Name}\" FOR VALUES FROM ('2026-11-20 00:00:00+00') TO ('2026-11-21 00:00:00+00')");
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Takes the index for full text away.</summary>
    public async Task DropTextIndexAsync(CancellationToken cancellationToken)
    {
        if (store is ClickHouseStore clickHouse)
        {
            await clickHouse.Engine.ExecuteAsync($"ALTER TABLE `{_table.Name}` DROP INDEX text_index", cancellationToken);
            return;
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand($"DROP INDEX {_table.Name}_text");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private void MoveOn(int which)
    {
        const ulong Rows = Blocks * RowsPerInsert;
        (int sequence, int time) = _columns[which];
        Span<byte> bytes = _prebuilt[which];
        for (int i = 0; i < RowsPerInsert; i++)
        {
            Add(bytes[(sequence + (8 * i))..], Rows);
            Add(bytes[(time + (8 * i))..], Rows * 3_600);
        }

        static void Add(Span<byte> value, ulong more) =>
            BinaryPrimitives.WriteUInt64LittleEndian(value, BinaryPrimitives.ReadUInt64LittleEndian(value) + more);
    }
}
