using System.Buffers;
using ECapture.Events;
using ECapture.Log;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Benchmarks.Sink;

/// <summary>A store under measurement, and how it is filled by hand.</summary>
internal sealed class BenchStore(string name, Store store, int? enginePid)
{
    private const int RowsPerInsert = 100_000;

    private static readonly EventTable Table = EventTable.Of(Topics.Packet)!;

    private readonly List<byte[]> _prebuilt = [];

    public string Name => name;

    public Store Store => store;

    /// <summary>Processor seconds so far of this process and of the engine, when that is another one.</summary>
    public double CpuSeconds => CpuTime.OwnSeconds + (enginePid is int pid ? CpuTime.SecondsOf(pid) : 0);

    /// <summary>Makes what the ceiling writes: the same rows in the store's own format.</summary>
    public void Prebuild(LogRecord[] records)
    {
        NativeBlock block = new(Table);
        CopyBuffer copy = new(Table);
        foreach (LogRecord[] chunk in records.Chunk(RowsPerInsert))
        {
            foreach (LogRecord record in chunk)
            {
                EventReader.TryRead(record.Value.Span, out EventFields fields);
                EventRow row = new(record.Value.Span, ref fields, 0, record.Offset);
                if (store is ClickHouseStore)
                {
                    block.Append(row);
                }
                else
                {
                    copy.Append(row);
                }
            }

            _prebuilt.Add(store is ClickHouseStore ? block.ToSequence().ToArray() : copy.Complete().ToArray());
            block.Clear(int.MaxValue);
            copy.Clear(int.MaxValue);
        }
    }

    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        if (store is ClickHouseStore clickHouse)
        {
            await clickHouse.Engine.ExecuteAsync($"TRUNCATE TABLE `{Table.Name}`", cancellationToken);
            return;
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand($"TRUNCATE \"{Table.Name}\"");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes the prebuilt bytes and nothing else.</summary>
    public async Task WriteCeilingAsync(CancellationToken cancellationToken)
    {
        foreach (byte[] bytes in _prebuilt)
        {
            if (store is ClickHouseStore clickHouse)
            {
                await clickHouse.Engine.InsertAsync(
                    $"INSERT INTO `{Table.Name}` ({Table.ColumnList}) SETTINGS async_insert = 0, insert_deduplication_token = '{Guid.NewGuid():N}'",
                    new ReadOnlySequence<byte>(bytes),
                    cancellationToken);
                continue;
            }

            await using NpgsqlConnection connection = await ((PostgresStore)store).DataSource.OpenConnectionAsync(cancellationToken);
            await using NpgsqlRawCopyStream copy = await connection.BeginRawBinaryCopyAsync(
                $"COPY \"{Table.Name}\" ({Table.ColumnList}) FROM STDIN (FORMAT BINARY)", cancellationToken);
            await copy.WriteAsync(bytes, cancellationToken);
        }
    }
}
