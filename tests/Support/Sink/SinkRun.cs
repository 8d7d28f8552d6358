using ECapture.Log;
using ECapture.Policies;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Sink.Projections;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Support.Sink;

/// <summary>A sink in this process.</summary>
public sealed class SinkRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ProjectionMetrics _metrics = new();
    private readonly SinkWorker _worker;
    private readonly Task _run;

    public SinkRun(MemoryLog log, Store store, int batchRows = 1000, int recordsPerDelivery = 100, Func<string, PartitionUnit>? rotation = null, Policy? policy = null,
        IDeadLetterTopic? letters = null, bool projects = false)
        : this(log.Open(recordsPerDelivery), store, batchRows, rotation, policy, letters, projects)
    {
    }

    /// <summary>A sink over a log of any kind; the consumer stays the caller's.</summary>
    public SinkRun(
        ILogConsumer consumer, Store store, int batchRows = 1000, Func<string, PartitionUnit>? rotation = null, Policy? policy = null, IDeadLetterTopic? letters = null,
        bool projects = false)
    {
        SinkOptions options = new()
        {
            BatchRows = batchRows,
            Policy = policy,
            FlushInterval = TimeSpan.FromMilliseconds(30),
            RetryDelay = TimeSpan.FromMilliseconds(20),
            MaxRetryDelay = TimeSpan.FromMilliseconds(200),
        };
        IDelivery delivery = SinkDelivery.For(store, TimeProvider.System, NullLogger.Instance, rotation, letters);
        _worker = new SinkWorker(
            consumer, projects ? new HttpDelivery(delivery, store, _metrics, TimeProvider.System, NullLogger.Instance) : delivery, options, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        _run = _worker.RunAsync(_stop.Token);
    }

    public SinkStatus Status => _worker.Status;

    /// <summary>Waits until everything that is in the log is stored; a sink that fails throws here.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="partitions">How many it owns then; a group gives them out one after the other.</param>
    public async Task WaitDrainedAsync(CancellationToken cancellationToken, int partitions = 1)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        while (!(_worker.Status.IsDrained && _worker.Status.At > now && _worker.Status.Partitions.Count >= partitions))
        {
            await Task.WhenAny(_run, Task.Delay(20, limit.Token));
            if (_run.IsCompleted)
            {
                await _run;
            }

            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a test that wants its failure has awaited it
        _worker.Dispose();
        _metrics.Dispose();
        _stop.Dispose();
    }
}
