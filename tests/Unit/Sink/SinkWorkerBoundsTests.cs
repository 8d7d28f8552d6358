using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using ECapture.Tests.Support.Events;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>How much a sink reads and holds, and that it stands still for nothing.</summary>
public sealed class SinkWorkerBoundsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_SlowStore_HoldsNoMoreThanTheLimit()
    {
        MemoryLog log = SinkWorkerRun.Filled(out EventFeed feed, 4_000);
        RecordingDelivery store = new() { Delay = TimeSpan.FromMilliseconds(10) };
        SinkOptions options = new()
        {
            BatchBytes = 1 << 16,
            MaxBufferedBytes = 1 << 17,
            MaxConcurrentWrites = 1,
            FlushInterval = TimeSpan.FromMilliseconds(10),
        };

        await SinkWorkerRun.RunAsync(log, store, options);

        Assert.Equal(feed.Expected.Count, store.Rows);
        // One delivery (100 records here) may come on top of the limit.
        Assert.InRange(store.MostBytes, 1, options.MaxBufferedBytes + (100 * 21_000));
    }

    [Fact]
    public async Task Run_AllPartitionsRunAgain_HoldsNoMoreThanTheLimitAndOneOfThem()
    {
        const int Replayed = 300;
        MemoryLog log = new();
        EventFeed feed = new(seed: 9);
        long largest = 0;
        foreach (string topic in Topics.All)
        {
            LogEntry[] entries = [.. Enumerable.Range(0, Replayed).Select(_ => feed.Next(topic))];
            largest = Math.Max(largest, entries.Sum(entry => entry.Value.Length + 200L));
            Array.ForEach(entries, entry => log.Append(entry.TopicPartition, entry.Value.ToArray()));
        }

        RecordingDelivery store = new() { Point = new ResumePoint(0, Replayed, []) };
        SinkOptions options = new() { BatchBytes = 1 << 16, MaxBufferedBytes = 1 << 17, MaxConcurrentWrites = 1, FlushInterval = TimeSpan.FromMilliseconds(10) };

        await SinkWorkerRun.RunAsync(log, store, options);

        Assert.Equal(feed.Expected.Count, store.Rows);
        // The others were stopped with what they had when the limit was crossed: at most one delivery.
        Assert.InRange(store.MostBytes, 1, options.MaxBufferedBytes + largest + (100 * 21_000));
    }

    [Fact]
    public async Task Run_BatchIsBeingWritten_FillsTheNextAndStopsThere()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out TopicPartition partition);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new() { Gate = gate.Task };
        using SinkWorker worker = SinkWorkerRun.Worker(log, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMinutes(10) });
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);

        await SinkWorkerRun.UntilAsync(() => store.Batched() == 400, Cancel); // one in flight, one that filled
        DateTimeOffset seen = worker.Status.At;
        await SinkWorkerRun.UntilAsync(() => worker.Status.At > seen, Cancel); // it goes on looking, and reads no more
        Assert.Equal(400, store.Batched());
        Assert.Empty(log.Committed);
        gate.SetResult();
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;

        Assert.Equal(2_000, store.Rows);
        Assert.Equal(2_000, log.Committed[partition]);
    }

    // Once the partition stood still for half a second after each batch: nothing was left to wait for, and the full batch was looked at only then. And
    // Kafka's client threw away what it had fetched, because it was asked for records of a partition that was paused.
    [Fact]
    public async Task Run_BatchIsStoredAndTheNextIsFull_GoesOnWithoutAskingTheLog()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out _);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new() { Gate = gate.Task };
        // A partition is paused while it loads, too: what counts is the pause of the one whose second batch is full.
        await using ConsumerCalls calls = new(log.Open()) { OnPause = () => _ = store.Batched() == 400 && gate.TrySetResult() };
        using SinkWorker worker = new(calls, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMinutes(10) }, new StillClock(), NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await SinkWorkerRun.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;

        // The second batch was full when the first was stored, and is written at once.
        Assert.Equal(200, calls.Commits[0]); // what is stored, not what is read
        int commit = calls.Made.IndexOf(nameof(ILogConsumer.Commit));
        Assert.Equal([nameof(ILogConsumer.Pause), nameof(ILogConsumer.Commit), nameof(ILogConsumer.Resume)], calls.Made.GetRange(commit - 1, 3));
    }

    [Fact]
    public void Take_InSteadyState_DoesNotAllocate()
    {
        RandomEvents events = new(seed: 6);
        Guid run = Guid.CreateVersion7();
        LogRecord[] records =
        [
            .. Enumerable.Range(0, 2_000).Select(i =>
            {
                Event made = events.Next(Topics.Tls, run, (ulong)i);
                made.WallNs %= 2 * 86_400_000_000_000; // around a midnight
                return new LogRecord(i, default, made.ToByteArray());
            }),
        ];
        ECapture.Sink.ClickHouse.ClickHouseBatch batch = new(EventTable.Of(Topics.Tls)!, new BufferPool(), () => ECapture.Storage.Partitions.PartitionUnit.Day, TimeProvider.System);
        using SinkMetrics metrics = new(() => null!, "events");
        using PartitionWork work = new(new TopicPartition(Topics.Tls, 0), () => batch, TimeProvider.System, metrics);
        SinkOptions options = new();
        long allocated = 0;
        long started = Environment.TickCount64;
        for (int round = 0; round < 4 || (allocated > 0 && Environment.TickCount64 - started < 30_000); round++)
        {
            // The last round finds the buffers that those before it made, and code that a busy machine has compiled late for good.
            work.Resume(ResumePoint.Beginning, first: 0);
            work.Sought();
            work.Take(records.AsSpan(0, 1_000), options);
            long before = GC.GetAllocatedBytesForCurrentThread();
            work.Take(records.AsSpan(1_000), options);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(2_000, batch.Rows);
        Assert.Equal(0, allocated);
    }

    /// <summary>No wait by it ends.</summary>
    private sealed class StillClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
