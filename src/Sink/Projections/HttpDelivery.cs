using System.Collections.Concurrent;
using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink.Projections;

/// <summary>
/// HTTP exchanges out of plaintext, each once: the sink's own protocol over the log's plaintext topics, with rows of another table. Progress is that of the
/// topic <c>http/TOPIC</c>, its group another one than that of the sink that stores the plaintext (docs/architecture.md, "Projections").
/// </summary>
public sealed class HttpDelivery : IDelivery
{
    private static readonly EventTable s_table = EventTable.Of(Topics.Http)!;

    private readonly IDelivery _inner;
    private readonly IConnectionHistory _history;
    private readonly ProjectionMetrics _metrics;
    private readonly ConcurrentDictionary<PartitionId, HttpProjection> _projections = new();

    /// <summary>Creates the delivery.</summary>
    /// <param name="inner">The store's protocol.</param>
    /// <param name="store">The store, which holds the past of connections.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logger">Log.</param>
    public HttpDelivery(IDelivery inner, Store store, ProjectionMetrics metrics, TimeProvider clock, ILogger logger)
        : this(inner, new StoreHistory(store, clock, logger), metrics)
    {
    }

    internal HttpDelivery(IDelivery inner, IConnectionHistory history, ProjectionMetrics metrics)
    {
        _inner = inner;
        _history = history;
        _metrics = metrics;
    }

    /// <inheritdoc/>
    public Batch CreateBatch(EventTable table, BufferPool pool) => new SourceBatch(() => _inner.CreateBatch(s_table, pool));

    /// <inheritdoc/>
    public async Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) =>
        Resume(partition, await _inner.LoadAsync(Derived(partition), cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        SourceBatch source = (SourceBatch)batch;
        source.Settle(partition, plan);
        if (!source.IsProjected)
        {
            await _projections[partition].ProjectAsync(source, plan.From, source.Projected, cancellationToken).ConfigureAwait(false);
            source.Projected.Account.Clear(); // records are counted where the plaintext is stored
            source.IsProjected = true;
        }

        WriteOutcome outcome = await _inner.WriteAsync(Derived(partition), plan, source.Projected, cancellationToken).ConfigureAwait(false);
        return outcome.Superseded is { } point ? new WriteOutcome(Resume(partition, point)) : outcome;
    }

    private ResumePoint Resume(PartitionId partition, ResumePoint point)
    {
        _projections.GetOrAdd(partition, id => new HttpProjection(id, _history, _metrics)).Reset(hasPast: point.Offset is not null);
        return point with { Positions = ExchangeIds.OfSource(point.Positions) };
    }

    private static PartitionId Derived(PartitionId partition) => partition with { Topic = $"{Topics.Http}/{partition.Topic}" };
}
