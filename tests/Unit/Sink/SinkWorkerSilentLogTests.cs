using ECapture.Events;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Tests.Support.Sink;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>A log that does not say where a partition ends.</summary>
public sealed class SinkWorkerSilentLogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Once the loop waited for each answer: one leader that was away stopped every partition, up to ten seconds at a time.
    [Fact]
    public async Task Run_LogDoesNotSayWhereAPartitionEnds_OthersAreStoredAndItIsWhenItDoes()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out TopicPartition silent);
        EventFeed feed = new(seed: 21);
        TopicPartition other = new(Topics.Tls, 0);
        Enumerable.Range(0, 500).ToList().ForEach(_ => log.Append(other, feed.Next(Topics.Tls).Value.ToArray()));
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new();
        await using ConsumerCalls calls = new(log.Open()) { OnBounds = partition => partition == silent ? answer.Task : Task.CompletedTask };
        using SinkWorker worker = new(calls, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || store.Rows == 500, Cancel);
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status is { Loading: 1, Partitions.Count: 1 }, Cancel);
        Assert.False(worker.Status.IsDrained);

        answer.SetResult();
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;

        Assert.Equal(2_500, store.Rows);
    }

    // Where it ends is asked again and again for the status: nothing waits for that either, and its failure is said and ends by itself.
    [Fact]
    public async Task Run_LogFailsToSayWhereAPartitionEndsLater_GoesOnAndSaysSoMeanwhile()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out TopicPartition partition);
        bool fails = false;
        RecordingDelivery store = new();
        await using ConsumerCalls calls = new(log.Open())
        {
            OnBounds = _ => Volatile.Read(ref fails) ? Task.FromException(new LogException("the leader is away", isTransient: true)) : Task.CompletedTask,
        };
        using SinkWorker worker = new(calls, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        Volatile.Write(ref fails, true);
        log.Append(partition, new EventFeed(seed: 22).Next(Topics.Bash).Value.ToArray());
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || (store.Rows == 2_001 && worker.Status.Retrying == "the leader is away"), Cancel);
        Assert.False(worker.Status.IsDrained);

        Volatile.Write(ref fails, false);
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status is { IsDrained: true, Retrying: null }, Cancel);
        await stop.CancelAsync();
        await run;
    }
}
