using ECapture.Events;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.Delivery;
using ECapture.Tests.Support.Sink;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>Runs a <see cref="SinkWorker"/> over a log in memory.</summary>
internal static class SinkWorkerRun
{
    public static MemoryLog Filled(out EventFeed feed, int count)
    {
        MemoryLog log = new();
        feed = new EventFeed(seed: 5);
        feed.Fill(log, count);
        return log;
    }

    // 2,000 events, in deliveries of 100.
    public static MemoryLog OfOnePartition(out TopicPartition partition)
    {
        MemoryLog log = new();
        EventFeed feed = new(seed: 8);
        partition = new TopicPartition(Topics.Bash, 0);
        for (int i = 0; i < 2_000; i++)
        {
            log.Append(partition, feed.Next(Topics.Bash).Value.ToArray());
        }

        return log;
    }

    public static SinkWorker Worker(MemoryLog log, IDelivery store, SinkOptions options) =>
        new(log.Open(), store, options, TimeProvider.System, NullLogger<SinkWorker>.Instance);

    public static async Task RunAsync(MemoryLog log, IDelivery store, SinkOptions options)
    {
        using SinkWorker worker = Worker(log, store, options);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await run;
    }

    public static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
