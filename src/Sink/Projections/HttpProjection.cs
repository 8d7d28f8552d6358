using ECapture.Sink.Delivery;

namespace ECapture.Sink.Projections;

/// <summary>The streams of one partition of a plaintext topic.</summary>
/// <param name="partition">The partition.</param>
/// <param name="history">Where the past of connections is that are older than this sink.</param>
/// <param name="metrics">Counts.</param>
internal sealed class HttpProjection(PartitionId partition, IConnectionHistory history, ProjectionMetrics metrics)
{
    private const int MaxStreams = 1024;
    private const int MostAtOnce = 2000; // connections in one question

    private readonly Dictionary<StreamKey, HttpStream> _streams = [];
    private long _batch;
    private bool _hasPast;

    /// <summary>Forgets everything: the partition goes on where the store says.</summary>
    /// <param name="hasPast">True when the store holds what came before.</param>
    public void Reset(bool hasPast)
    {
        _streams.Clear();
        _hasPast = hasPast;
    }

    /// <summary>Makes rows of a batch. When it throws, nothing was fed: it may be called again.</summary>
    /// <param name="source">The plaintext.</param>
    /// <param name="from">The batch's first offset.</param>
    /// <param name="target">Takes the rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Storage.StoreException">The past of a connection could not be read.</exception>
    public async Task ProjectAsync(SourceBatch source, long from, Batch target, CancellationToken cancellationToken)
    {
        _batch++;
        foreach ((StreamKey key, (SourceEvent first, _)) in source.Streams)
        {
            await PrepareAsync(key, first, source, from, cancellationToken).ConfigureAwait(false);
        }

        foreach (SourceEvent e in source.Events)
        {
            _streams.GetValueOrDefault(e.Stream)?.Feed(source.EncodingOf(e), partition.Partition, e.LogOffset, target);
        }

        foreach ((StreamKey key, (_, ulong last)) in source.Streams.Where(s => ExchangeIds.CanHold(s.Key.Partition, s.Value.Last)))
        {
            // A stream's place counts also where nothing of it made a row.
            target.See(new StreamKey(key.Run, ExchangeIds.Partition(partition.Topic, key.Partition)), ExchangeIds.Sequence(last, ExchangeIds.MaxPerEvent - 1));
        }

        metrics.Projected(partition.Topic, target.Rows);
    }

    private async Task PrepareAsync(StreamKey key, SourceEvent first, SourceBatch source, long from, CancellationToken cancellationToken)
    {
        if (!_streams.TryGetValue(key, out HttpStream? stream))
        {
            if (!ExchangeIds.CanHold(key.Partition, first.Sequence))
            {
                return;
            }

            stream = new HttpStream(partition.Topic, key, metrics);
            if (_hasPast)
            {
                await history.WaitStoredAsync(partition, from, cancellationToken).ConfigureAwait(false);
                stream.Older.UnionWith(await history.ConnectionsAsync(partition.Topic, first, cancellationToken).ConfigureAwait(false));
                if (stream.Older.Count <= MostAtOnce)
                {
                    await ReplayAsync(stream, first, [.. stream.Older], mustBeWhole: true, cancellationToken).ConfigureAwait(false);
                }
            }

            if (_streams.Count == MaxStreams)
            {
                _streams.Remove(_streams.MinBy(s => s.Value.LastBatch).Key);
                _hasPast = true; // one that comes back has its past in the store
            }

            _streams.Add(key, stream);
        }

        stream.LastBatch = _batch;
        if (stream.Older.Count > 0)
        {
            ulong[] wanted = [.. source.Events.Where(e => e.Stream == key && stream.Older.Contains(e.Connection) && !stream.Knows(e.Connection)).Select(e => e.Connection).Distinct()];
            await ReplayAsync(stream, first, wanted, mustBeWhole: false, cancellationToken).ConfigureAwait(false);
        }
    }

    // All at once, so that what never goes on is given up like everywhere; where that is too much, each connection's past when it goes on.
    private async Task ReplayAsync(HttpStream stream, SourceEvent first, ulong[] connections, bool mustBeWhole, CancellationToken cancellationToken)
    {
        if (connections.Length == 0)
        {
            return;
        }

        (IReadOnlyList<ReadOnlyMemory<byte>> events, bool isWhole) = await history.EventsAsync(partition.Topic, first, connections, cancellationToken).ConfigureAwait(false);
        if (mustBeWhole && !isWhole)
        {
            return;
        }

        foreach (ReadOnlyMemory<byte> encoded in events)
        {
            stream.Feed(encoded.Span, partition.Partition, 0, target: null);
        }

        if (!mustBeWhole)
        {
            stream.Forget(connections, first.BootNs);
        }

        stream.Older.ExceptWith(connections);
    }
}
