using System.Buffers.Binary;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink.Projections;

/// <summary>The past of connections, out of the tables of their plaintext.</summary>
internal sealed partial class StoreHistory(Store store, TimeProvider clock, ILogger logger) : IConnectionHistory
{
    private const long MaxBytes = 32 << 20;
    private const int MaxConnections = 20_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    // Times of a stream are not in order to the nanosecond.
    private static readonly long s_reach = HttpStream.MaxSilenceWithPast.Ticks * 100;
    private static readonly long s_slack = TimeSpan.FromMinutes(1).Ticks * 100;

    private readonly ISqlStore _sql = SqlStore.Of(store);
    private readonly EventStoreReader _reader = new(store);

    /// <inheritdoc/>
    public async Task WaitStoredAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
    {
        long begun = clock.GetTimestamp();
        while (await StoredAsync(partition, cancellationToken).ConfigureAwait(false) < offset)
        {
            if (clock.GetElapsedTime(begun) > s_patience)
            {
                LogBehind(partition, offset);
                return;
            }

            await Task.Delay(s_pause, clock, cancellationToken).ConfigureAwait(false); // another sink may be the one that stores it
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyCollection<ulong>> ConnectionsAsync(string topic, SourceEvent first, CancellationToken cancellationToken)
    {
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT DISTINCT connection FROM {EventTable.Of(topic)!.Name} WHERE ts >= {sql.TimeFloor((long)first.WallNs - s_reach)}");
        sql.Append($" AND ts < {sql.TimeCeiling((long)first.WallNs + s_slack)} AND run = {sql.Uuid(Run(first.Stream))} AND partition = {sql.Number(first.Stream.Partition)}");
        sql.Append($" AND sequence < {sql.Number(first.Sequence)} AND connection <> 0 LIMIT {sql.Number(MaxConnections)}");
        List<ulong> connections = [];
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            connections.Add(rows.Number(0));
        }

        return connections;
    }

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<ReadOnlyMemory<byte>> Events, bool IsWhole)> EventsAsync(
        string topic, SourceEvent first, IReadOnlyList<ulong> connections, CancellationToken cancellationToken)
    {
        EventFilter filter = new()
        {
            Topics = [topic],
            Connections = connections,
            From = (long)first.WallNs - s_reach,
            To = (long)first.WallNs + s_slack,
        };
        Guid run = Run(first.Stream);
        List<StoredEvent> found = [];
        long bytes = 0;
        await foreach (StoredEvent stored in _reader.SearchAsync(filter, EventOrder.Newest, after: null, limit: null, cancellationToken).ConfigureAwait(false))
        {
            if (stored.Id.Run == run && (uint)stored.Id.Partition == first.Stream.Partition && stored.Id.Sequence < first.Sequence)
            {
                found.Add(stored);
                bytes += stored.Encoding.Length;
                if (bytes > MaxBytes)
                {
                    break; // the newest are here; what is older is a gap
                }
            }
        }

        return ([.. found.OrderBy(s => s.Id.Sequence).Select(s => s.Encoding)], bytes <= MaxBytes);
    }

    // A batch's account is its last part: below its end everything is stored.
    private async Task<long> StoredAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT max(to_offset) FROM sink_account WHERE {sql.AnyOfTexts("log", [partition.Log])} AND {sql.AnyOfTexts("topic", [partition.Topic])}");
        sql.Append($" AND log_partition = {sql.Number((ulong)partition.Partition)}");
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        return await rows.ReadAsync(cancellationToken).ConfigureAwait(false) && !rows.IsNull(0) ? (long)rows.Number(0) : 0;
    }

    private static Guid Run(StreamKey stream)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, stream.Run);
        return new Guid(bytes, bigEndian: true);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: the plaintext before offset {Offset} is still not in the store; HTTP exchanges that began in it are in parts")]
    private partial void LogBehind(PartitionId partition, long offset);
}
