using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>Plans and blocks in ClickHouse, over HTTP or in process.</summary>
public sealed class ClickHousePlanStore(IClickHouse engine, TimeProvider clock, IDeadLetterTopic? letterTopic = null) : IPlanStore
{
    // A table's partitions change when `ecapture sink rebuild` swaps it.
    private static readonly TimeSpan s_unitsHold = TimeSpan.FromSeconds(10);

    private volatile IReadOnlyDictionary<string, PartitionUnit> _units = new Dictionary<string, PartitionUnit>();
    private long _unitsReadAt;

    // What the engine says while somebody holds the topic's batches back (sink_hold).
    private const string Held = "the table is held by a rebuild";

    /// <inheritdoc/>
    public BlockBatch CreateBatch(EventTable table, BufferPool pool) => new ClickHouseBatch(table, pool, () => _units.GetValueOrDefault(table.Name), clock);

    /// <inheritdoc/>
    public async Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        await ReadUnitsAsync(cancellationToken).ConfigureAwait(false);
        using Stream result = await engine.QueryAsync(
            "SELECT from_offset, to_offset, writer, turn, streams FROM sink_plan "
            + "WHERE log = {log:String} AND topic = {topic:String} AND log_partition = {partition:UInt16} ORDER BY version DESC LIMIT 1 SETTINGS max_threads = 1",
            Parameters(partition),
            "RowBinary",
            cancellationToken).ConfigureAwait(false);
        using MemoryStream copy = new();
        await result.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
        return copy.Length == 0 ? null : ReadPlan(copy.GetBuffer().AsSpan(0, (int)copy.Length));
    }

    /// <inheritdoc/>
    public Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(row);
        string log = ClickHouseText.QuoteString(partition.Log);
        string topic = ClickHouseText.QuoteString(partition.Topic);
        string token = ClickHouseText.QuoteString(
            string.Create(CultureInfo.InvariantCulture, $"{partition.Log}/{partition.Topic}/{partition.Partition}/{row.From}/{row.Turn}"));
        // NOT EXISTS says that nobody else was here; the token decides between those who said it at the same time.
        string sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            INSERT INTO sink_plan (log, topic, log_partition, version, from_offset, to_offset, turn, at, writer, streams)
            SETTINGS async_insert = 0, max_threads = 1, insert_deduplicate = 1, insert_deduplication_token = {token}
            SELECT {log}, {topic}, {partition.Partition}, {row.Version}, {row.From}, {row.To}, {row.Turn}, now64(3), toUUID('{row.Writer:D}'),
                base64Decode('{Convert.ToBase64String(StreamCodec.Encode(row.Positions))}')
            WHERE NOT EXISTS (SELECT 1 FROM sink_plan WHERE log = {log} AND topic = {topic} AND log_partition = {partition.Partition} AND version > {expected})
                AND throwIf((SELECT argMax(until, at) FROM sink_hold WHERE topic = {topic}) > now64(3), '{Held}') = 0
            """);
        return InsertPlanAsync(sql, partition, cancellationToken);
    }

    private async Task InsertPlanAsync(string sql, PartitionId partition, CancellationToken cancellationToken)
    {
        try
        {
            await engine.ExecuteAsync(sql, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Message.Contains(Held, StringComparison.Ordinal))
        {
            throw new StoreException($"{partition}: its table is being rebuilt; the batch waits", isTransient: true, e);
        }
    }

    /// <inheritdoc/>
    public Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken)
    {
        string settings = $"SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = {ClickHouseText.QuoteString(token)}";
        return block switch
        {
            PartitionBlock day => engine.InsertAsync(
                $"INSERT INTO {ClickHouseText.QuoteName(day.Native.Table.Name)} ({day.Native.Table.ColumnList}) {settings}", day.Native.ToSequence(), cancellationToken),
            DeadLetterBlock letters => BuryAsync(letters, settings, cancellationToken),
            AccountBlock account => engine.InsertAsync(
                $"INSERT INTO sink_account ({AccountBlock.Columns}) {settings}", account.ToSequence(), cancellationToken),
            _ => throw new ArgumentException($"a block of another kind: {block?.GetType().Name}", nameof(block)),
        };
    }

    // Their topic first: what the table has, the topic has.
    private async Task BuryAsync(DeadLetterBlock letters, string settings, CancellationToken cancellationToken)
    {
        if (letterTopic is not null)
        {
            await letterTopic.AppendAsync(letters.Log, letters.Letters, cancellationToken).ConfigureAwait(false);
        }

        await engine.InsertAsync($"INSERT INTO dead_letter ({DeadLetterBlock.Columns}) {settings}", letters.ToSequence(), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<bool> IsSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken)
    {
        Dictionary<string, string> place = Parameters(partition);
        place["from"] = from.ToString(CultureInfo.InvariantCulture);
        place["block"] = block;
        return await CountAsync(
            "SELECT count() FROM sink_split WHERE log = {log:String} AND topic = {topic:String} AND log_partition = {partition:UInt16} AND from_offset = {from:UInt64} AND block = {block:String}",
            place,
            cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <inheritdoc/>
    public Task MarkSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken) => engine.ExecuteAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $"INSERT INTO sink_split (log, topic, log_partition, from_offset, block, at) SETTINGS async_insert = 0 SELECT {ClickHouseText.QuoteString(partition.Log)}, {ClickHouseText.QuoteString(partition.Topic)}, {partition.Partition}, {from}, {ClickHouseText.QuoteString(block)}, now64(3)"),
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlySet<long>> RefusedAsync(PartitionId partition, long from, long to, CancellationToken cancellationToken)
    {
        Dictionary<string, string> place = Parameters(partition);
        place["from"] = from.ToString(CultureInfo.InvariantCulture);
        place["to"] = to.ToString(CultureInfo.InvariantCulture);
        using Stream result = await engine.QueryAsync(
            "SELECT log_offset FROM dead_letter WHERE log = {log:String} AND topic = {topic:String} AND log_partition = {partition:UInt16} "
            + "AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64} AND kind = 'refused'",
            place,
            "RowBinary",
            cancellationToken).ConfigureAwait(false);
        HashSet<long> offsets = [];
        byte[] offset = new byte[8];
        while (await result.ReadAtLeastAsync(offset, offset.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == offset.Length)
        {
            offsets.Add(BinaryPrimitives.ReadInt64LittleEndian(offset));
        }

        return offsets;
    }

    /// <inheritdoc/>
    public async Task<long> CountAsync(Block block, CancellationToken cancellationToken)
    {
        if (block is DeadLetterBlock letters)
        {
            (string topic, int partition, long first, long last) = letters.Range;
            Dictionary<string, string> range = Parameters(new PartitionId(letters.Log, topic, partition));
            range["first"] = first.ToString(CultureInfo.InvariantCulture);
            range["last"] = last.ToString(CultureInfo.InvariantCulture);
            return await CountAsync(
                "SELECT count() FROM dead_letter WHERE log = {log:String} AND topic = {topic:String} AND log_partition = {partition:UInt16} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64} "
                + (letters.IsRefusal ? "AND kind = 'refused'" : "AND kind <> 'refused'"),
                range,
                cancellationToken).ConfigureAwait(false);
        }

        if (block is AccountBlock account)
        {
            Dictionary<string, string> place = Parameters(account.Partition);
            place["from"] = account.From.ToString(CultureInfo.InvariantCulture);
            return await CountAsync(
                "SELECT count() FROM sink_account WHERE log = {log:String} AND topic = {topic:String} AND log_partition = {partition:UInt16} AND from_offset = {from:UInt64}",
                place,
                cancellationToken).ConfigureAwait(false);
        }

        long count = 0;
        PartitionBlock day = (PartitionBlock)block;
        foreach ((StreamKey stream, StreamCount share) in day.Tally.Streams)
        {
            Dictionary<string, string> parameters = new(StringComparer.Ordinal)
            {
                ["run"] = new Guid(RunBytes(stream.Run), bigEndian: true).ToString("D"),
                ["partition"] = stream.Partition.ToString(CultureInfo.InvariantCulture),
                ["first"] = share.First.ToString(CultureInfo.InvariantCulture),
                ["last"] = share.Last.ToString(CultureInfo.InvariantCulture),
                ["part"] = day.Partition,
            };
            count += await CountAsync(
                $"SELECT count() FROM {ClickHouseText.QuoteName(day.Native.Table.Name)} WHERE {ClickHousePartitionKey.Of(day.Span.Unit)} = {{part:UInt64}} AND run = {{run:UUID}} "
                + "AND partition = {partition:UInt16} AND sequence BETWEEN {first:UInt64} AND {last:UInt64}",
                parameters,
                cancellationToken).ConfigureAwait(false);
        }

        return count;
    }

    // Before a batch is filled: a partition is loaded first, and each of its batches is settled.
    private async Task ReadUnitsAsync(CancellationToken cancellationToken)
    {
        long readAt = Interlocked.Read(ref _unitsReadAt);
        if (readAt == 0 || Stopwatch.GetElapsedTime(readAt) > s_unitsHold)
        {
            _units = await ClickHousePartitionKey.ReadAsync(engine, cancellationToken).ConfigureAwait(false);
            Interlocked.Exchange(ref _unitsReadAt, Stopwatch.GetTimestamp());
        }
    }

    private Task<long> CountAsync(string sql, Dictionary<string, string> parameters, CancellationToken cancellationToken) =>
        CountAsync(engine, sql, parameters, cancellationToken);

    /// <summary>The one number that a query gives.</summary>
    internal static async Task<long> CountAsync(IClickHouse engine, string sql, Dictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        using Stream result = await engine.QueryAsync(sql, parameters, "RowBinary", cancellationToken).ConfigureAwait(false);
        byte[] count = new byte[8];
        await result.ReadExactlyAsync(count, cancellationToken).ConfigureAwait(false);
        return BinaryPrimitives.ReadInt64LittleEndian(count);
    }

    private static byte[] RunBytes(UInt128 run)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, run);
        return bytes;
    }

    private static Dictionary<string, string> Parameters(PartitionId partition) => new(StringComparer.Ordinal)
    {
        ["log"] = partition.Log,
        ["topic"] = partition.Topic,
        ["partition"] = partition.Partition.ToString(CultureInfo.InvariantCulture),
    };

    // RowBinary: UInt64, UInt64, UUID (two words, the upper one first, each lowest byte first), UInt32, String with its length as a varint.
    private static PlanRow ReadPlan(ReadOnlySpan<byte> row)
    {
        Span<byte> writer = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(writer, BinaryPrimitives.ReadUInt64LittleEndian(row[16..]));
        BinaryPrimitives.WriteUInt64BigEndian(writer[8..], BinaryPrimitives.ReadUInt64LittleEndian(row[24..]));
        int at = 36;
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = row[at++];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return new PlanRow(
            BinaryPrimitives.ReadInt64LittleEndian(row),
            BinaryPrimitives.ReadInt64LittleEndian(row[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(row[32..]),
            new Guid(writer, bigEndian: true),
            StreamCodec.Decode(row.Slice(at, length)));
    }
}
