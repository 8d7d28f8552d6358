using System.Buffers.Binary;
using System.Globalization;
using ECapture.Events;
using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.DeadLetters;

/// <summary>
/// In ClickHouse: the row is looked for, then inserted under a token made of the event's identity, then counted, because an engine that is killed may keep
/// a token without its row (docs/architecture.md, "Delivery"); the mark comes last.
/// </summary>
internal sealed class ClickHouseRetryStore(IClickHouse engine) : IRetryStore
{
    private const int MaxAttempts = 20;

    private readonly ClickHousePlanStore _blocks = new(engine, TimeProvider.System);

    public async Task<bool> StoreAsync(StoredDeadLetter letter, EventTable table, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, PartitionUnit> units = await ClickHousePartitionKey.ReadAsync(engine, cancellationToken).ConfigureAwait(false);
        PartitionBlock block = MakeBlock(letter, table, units.GetValueOrDefault(table.Name));
        (StreamKey stream, ulong sequence, _) = DeadLetterRetry.IdentityOf(letter);
        string token = string.Create(CultureInfo.InvariantCulture, $"dlq/{stream.Run:x}/{stream.Partition}/{sequence}/{block.Name}");
        for (int attempt = 0; await _blocks.CountAsync(block, cancellationToken).ConfigureAwait(false) == 0; attempt++)
        {
            if (attempt == MaxAttempts)
            {
                throw new StoreException($"the row of dead letter {letter.Id} does not appear in {table.Name} after {MaxAttempts} inserts: is somebody deleting it?", isTransient: false);
            }

            await _blocks.InsertBlockAsync(block, attempt == 0 ? token : string.Create(CultureInfo.InvariantCulture, $"{token}/{attempt}"), cancellationToken).ConfigureAwait(false);
        }

        bool isOwn = await IsOwnAsync(letter, table, block, cancellationToken).ConfigureAwait(false);
        await MarkAsync(letter, isOwn ? "stored" : "duplicate", cancellationToken).ConfigureAwait(false);
        return isOwn;
    }

    private static PartitionBlock MakeBlock(StoredDeadLetter letter, EventTable table, PartitionUnit unit)
    {
        (StreamKey stream, ulong sequence, ulong wallNs) = DeadLetterRetry.IdentityOf(letter);
        EventReader.TryRead(letter.Bytes, out EventFields fields);
        PartitionBlock block = new(table, BufferPool.None) { Span = PartitionSpan.Of(wallNs, unit) };
        block.Native.Append(new EventRow(letter.Bytes, ref fields, letter.Id.Partition, letter.Id.Offset));
        block.Tally.Add(stream, sequence);
        return block;
    }

    // The row may be that of another record of the same event.
    private async Task<bool> IsOwnAsync(StoredDeadLetter letter, EventTable table, PartitionBlock block, CancellationToken cancellationToken)
    {
        (StreamKey stream, ulong sequence, _) = DeadLetterRetry.IdentityOf(letter);
        byte[] run = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(run, stream.Run);
        Dictionary<string, string> parameters = Parameters(letter);
        parameters["run"] = new Guid(run, bigEndian: true).ToString("D");
        parameters["stream"] = stream.Partition.ToString(CultureInfo.InvariantCulture);
        parameters["sequence"] = sequence.ToString(CultureInfo.InvariantCulture);
        parameters["part"] = block.Partition;
        return await ClickHousePlanStore.CountAsync(
            engine,
            $"SELECT count() FROM {ClickHouseText.QuoteName(table.Name)} WHERE {ClickHousePartitionKey.Of(block.Span.Unit)} = {{part:UInt64}} AND run = {{run:UUID}} AND partition = {{stream:UInt16}} "
            + "AND sequence = {sequence:UInt64} AND log_partition = {partition:UInt16} AND log_offset = {offset:UInt64}",
            parameters,
            cancellationToken).ConfigureAwait(false) > 0;
    }

    private async Task MarkAsync(StoredDeadLetter letter, string outcome, CancellationToken cancellationToken)
    {
        uint hour = BatchAccount.HourOf(DeadLetterRetry.IdentityOf(letter).WallNs);
        string place = string.Create(
            CultureInfo.InvariantCulture,
            $"{ClickHouseText.QuoteString(letter.Id.Log ?? "")}, {ClickHouseText.QuoteString(letter.Id.Topic)}, {letter.Id.Partition}, {letter.Id.Offset}");
        // Two marks say the same as one: no token is needed.
        await engine.ExecuteAsync(
            $"INSERT INTO dead_letter_resolved (log, topic, log_partition, log_offset, at, outcome, hour) SETTINGS async_insert = 0, insert_deduplicate = 0 SELECT {place}, now64(3), '{outcome}', {hour}",
            cancellationToken).ConfigureAwait(false);
    }

    private static Dictionary<string, string> Parameters(StoredDeadLetter letter) => new(StringComparer.Ordinal)
    {
        ["partition"] = letter.Id.Partition.ToString(CultureInfo.InvariantCulture),
        ["offset"] = letter.Id.Offset.ToString(CultureInfo.InvariantCulture),
    };
}
