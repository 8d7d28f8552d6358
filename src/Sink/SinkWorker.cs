using System.Diagnostics;
using ECapture.Log;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging;
using Polly;
using LogDelivery = ECapture.Log.Delivery;

namespace ECapture.Sink;

/// <summary>
/// Moves events from a log into a store, each once. One loop reads and fills batches; each batch is written by a task of its own, during
/// which its partition fills the next one and no more. A store that is slow or away therefore pauses partitions; a transient failure
/// is tried again for ever, a permanent one ends the sink.
/// </summary>
public sealed partial class SinkWorker : IDisposable
{
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10); // longer than a batch takes, also in a slow store: else memory goes and comes with each
    private static readonly TimeSpan WaitWhileWriting = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan WaitWhilePaused = TimeSpan.FromMilliseconds(500);

    private readonly ILogConsumer _consumer;
    private readonly IDelivery _delivery;
    private readonly SinkOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<SinkWorker> _logger;
    private readonly SinkMetrics _metrics;
    private readonly SemaphoreSlim _writes;
    private readonly ResiliencePipeline _retry;
    private readonly BufferPool _pool = new();
    private readonly Dictionary<TopicPartition, PartitionWork> _works = [];
    private readonly HashSet<string> _unknownTopics = [];
    private readonly CancellationTokenSource _ending = new();
    private volatile string? _failure;
    private volatile string? _logFailure;
    private Task<long[]?>? _ends;
    private PartitionWork[] _asked = [];
    private DateTimeOffset _askedAt;
    private long _statusAt;
    private long _trimmedAt = Stopwatch.GetTimestamp();

    /// <summary>Creates the worker; nothing is read yet.</summary>
    /// <param name="consumer">The log; the caller disposes of it after <see cref="RunAsync"/>.</param>
    /// <param name="delivery">The store's protocol, <see cref="SinkDelivery.For"/>.</param>
    /// <param name="options">See there.</param>
    /// <param name="clock">Time.</param>
    /// <param name="logger">Log.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SinkWorker(ILogConsumer consumer, IDelivery delivery, SinkOptions options, TimeProvider clock, ILogger<SinkWorker> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        options.Validate();
        _consumer = consumer;
        _delivery = delivery;
        _options = options;
        _clock = clock;
        _logger = logger;
        Status = new SinkStatus(clock.GetUtcNow(), [], Loading: 0, Retrying: null);
        _metrics = new SinkMetrics(() => Status, options.Work);
        _writes = new SemaphoreSlim(options.MaxConcurrentWrites);
        _retry = SinkRetry.Create(options, OnRetry);
    }

    /// <summary>How it is doing; a new value about every second.</summary>
    public SinkStatus Status { get; private set; }

    /// <summary>
    /// Runs until it is cancelled; then what was read is written, for at most <see cref="SinkOptions.ShutdownGrace"/>, and the call returns.
    /// </summary>
    /// <exception cref="StoreException">The store refused for good.</exception>
    /// <exception cref="LogException">The log cannot be read for good.</exception>
    /// <exception cref="SinkException">Log and store do not belong together.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                LogDelivery delivery = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
                await HandleAsync(delivery).ConfigureAwait(false);
                // After the wait, not before it: a batch that was full meanwhile is written at once.
                await CompleteAsync().ConfigureAwait(false);
                CloseDue();
                SetPauses();
                await ReportAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await FinishAsync().ConfigureAwait(false);
        }
        finally
        {
            await AbandonAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics.Dispose();
        _writes.Dispose();
        _ending.Dispose();
    }

    private async ValueTask<LogDelivery> ReceiveAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = StatusInterval;
        bool isReading = _works.Count == 0;
        foreach (PartitionWork work in _works.Values)
        {
            isReading |= !work.IsPaused;
            TimeSpan due = work.Pending is not null || work.Point is not null ? WaitWhileWriting
                : work.Progress.HasRecords ? _options.FlushInterval - work.Age
                : StatusInterval;
            wait = due < wait ? due : wait;
        }

        if (!isReading)
        {
            // Nothing can come but a rebalance: the store sets the pace. While it does, the log is left alone: Kafka's client throws away what it has fetched
            // of a paused partition when it is asked.
            Task idle = Task.Delay(WaitWhilePaused, _clock, cancellationToken);
            if (await Task.WhenAny(_works.Values.Select(work => (Task?)work.Pending ?? work.Asking).OfType<Task>().Append(idle)).ConfigureAwait(false) != idle)
            {
                return new LogDelivery(DeliveryKind.None, default, default);
            }

            wait = TimeSpan.Zero;
        }

        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
        try
        {
            // Not through the retries at first: they allocate with every call.
            return await _consumer.ReceiveAsync(wait, cancellationToken).ConfigureAwait(false);
        }
        catch (LogException e) when (e.IsTransient)
        {
            OnRetry(1, TimeSpan.Zero, e);
            LogDelivery delivery = await _retry.ExecuteAsync(
                static (state, token) => state._consumer.ReceiveAsync(state.wait, token), (_consumer, wait), cancellationToken).ConfigureAwait(false);
            _failure = null; // a store that is away, too, says so again
            return delivery;
        }
    }

    private async ValueTask HandleAsync(LogDelivery delivery)
    {
        switch (delivery.Kind)
        {
            case DeliveryKind.Assigned:
                await RevokeAsync(delivery.Partition).ConfigureAwait(false);
                Assign(delivery.Partition);
                break;
            case DeliveryKind.Revoked:
                await RevokeAsync(delivery.Partition).ConfigureAwait(false);
                break;
            case DeliveryKind.Records when _works.TryGetValue(delivery.Partition, out PartitionWork? work):
                if (work.HasRoom(_options))
                {
                    work.Take(delivery.Records.Span, _options);
                }
                else
                {
                    work.Refuse();
                }

                break;
        }
    }

    private void Assign(TopicPartition partition)
    {
        if (EventTable.Of(partition.Topic) is not { } table)
        {
            if (_unknownTopics.Add(partition.Topic))
            {
                LogUnknownTopic(partition.Topic); // it is never read: a newer sink finds everything
            }

            return;
        }

        PartitionWork work = new(partition, () => _delivery.CreateBatch(table, _pool), _clock, _metrics) { Cut = StoredCut.For(_options.Policy, partition.Topic) };
        _works.Add(partition, work);
        PartitionId id = Id(partition);
        work.Pending = Task.Run(async () => (ResumePoint?)await _retry.ExecuteAsync(
            async token => await _delivery.LoadAsync(id, token).ConfigureAwait(false), work.Cancel.Token).ConfigureAwait(false));
    }

    // The store call of a partition that is lost may still take effect: the protocol allows for it.
    private async ValueTask RevokeAsync(TopicPartition partition)
    {
        if (_works.Remove(partition, out PartitionWork? work))
        {
            await work.Cancel.CancelAsync().ConfigureAwait(false);
            foreach (Task underWay in ((Task?[])[work.Pending, work.Asking]).OfType<Task>())
            {
                await underWay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            work.Dispose();
        }
    }

    private async ValueTask CompleteAsync()
    {
        foreach (PartitionWork work in _works.Values)
        {
            if (work.Pending is { IsCompleted: true } pending)
            {
                work.Point = await pending.ConfigureAwait(false);
                work.Pending = null;
                if (work.Point is null)
                {
                    work.Written();
                    _consumer.Commit(work.Partition, work.Progress.From);
                }
            }

            if (work.Point is { } point)
            {
                await TryResumeAsync(work, point).ConfigureAwait(false);
            }
        }
    }

    private PartitionId Id(TopicPartition partition) => new(_consumer.LogId, partition.Topic, partition.Partition);

    private void OnRetry(int attempt, TimeSpan wait, Exception failure)
    {
        _failure = failure.Message;
        _metrics.Retried();
        LogRetry(attempt, wait.TotalSeconds, failure.Message);
    }
}
