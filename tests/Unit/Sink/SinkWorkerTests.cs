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

public sealed class SinkWorkerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_StoreIsAway_TriesAgainUntilItIsBack()
    {
        MemoryLog log = Filled(out EventFeed feed, 200);
        RecordingDelivery store = new() { TransientFailures = 7 };

        await RunAsync(log, store, new SinkOptions { RetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(5), FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(0, store.TransientFailures);
        Assert.Equal(feed.Expected.Count, store.Rows);
    }

    [Fact]
    public async Task Run_StoreRefusesForGood_EndsWithItsMessage()
    {
        MemoryLog log = Filled(out _, 20);
        RecordingDelivery store = new() { Permanent = new StoreException("no right to write", isTransient: false) };

        StoreException e = await Assert.ThrowsAsync<StoreException>(() => RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }));

        Assert.Equal("no right to write", e.Message);
        Assert.Empty(log.Committed);
    }

    [Fact]
    public async Task Run_UnknownTopic_IsNeitherReadNorCommitted()
    {
        MemoryLog log = Filled(out EventFeed feed, 50);
        TopicPartition later = new("quic", 0);
        log.Append(later, [1, 2, 3]);
        RecordingDelivery store = new();

        await RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(feed.Expected.Count, store.Rows);
        Assert.DoesNotContain(later, log.Committed.Keys);
    }

    [Fact]
    public async Task Run_StoreIsAheadOfTheLog_EndsAndSaysWhatToDo()
    {
        MemoryLog log = Filled(out _, 20);
        RecordingDelivery store = new() { Point = new ResumePoint(1_000_000, null, []) };

        SinkException e = await Assert.ThrowsAsync<SinkException>(() => RunAsync(log, store, new SinkOptions()));

        Assert.Contains("sink_plan", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SlowStore_HoldsNoMoreThanTheLimit()
    {
        MemoryLog log = Filled(out EventFeed feed, 4_000);
        RecordingDelivery store = new() { Delay = TimeSpan.FromMilliseconds(10) };
        SinkOptions options = new()
        {
            BatchBytes = 1 << 16,
            MaxBufferedBytes = 1 << 17,
            MaxConcurrentWrites = 1,
            FlushInterval = TimeSpan.FromMilliseconds(10),
        };

        await RunAsync(log, store, options);

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

        await RunAsync(log, store, options);

        Assert.Equal(feed.Expected.Count, store.Rows);
        // The others were stopped with what they had when the limit was crossed: at most one delivery.
        Assert.InRange(store.MostBytes, 1, options.MaxBufferedBytes + largest + (100 * 21_000));
    }

    [Fact]
    public async Task Run_BatchIsBeingWritten_FillsTheNextAndStopsThere()
    {
        MemoryLog log = OfOnePartition(out TopicPartition partition);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new() { Gate = gate.Task };
        using SinkWorker worker = Worker(log, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMinutes(10) });
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);

        await TestWait.UntilAsync(() => store.Batched() == 400, Cancel); // one in flight, one that filled
        DateTimeOffset seen = worker.Status.At;
        await TestWait.UntilAsync(() => worker.Status.At > seen, Cancel); // it goes on looking, and reads no more
        Assert.Equal(400, store.Batched());
        Assert.Empty(log.Committed);
        gate.SetResult();
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
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
        MemoryLog log = OfOnePartition(out _);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new() { Gate = gate.Task };
        // A partition is paused while it loads, too: what counts is the pause of the one whose second batch is full.
        await using ConsumerCalls calls = new(log.Open()) { OnPause = () => _ = store.Batched() == 400 && gate.TrySetResult() };
        using SinkWorker worker = new(calls, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMinutes(10) }, new StillClock(), NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;

        // The second batch was full when the first was stored, and is written at once.
        Assert.Equal(200, calls.Commits[0]); // what is stored, not what is read
        int commit = calls.Made.IndexOf(nameof(ILogConsumer.Commit));
        Assert.Equal([nameof(ILogConsumer.Pause), nameof(ILogConsumer.Commit), nameof(ILogConsumer.Resume)], calls.Made.GetRange(commit - 1, 3));
    }

    // Once the loop waited for each answer: one leader that was away stopped every partition, up to ten seconds at a time.
    [Fact]
    public async Task Run_LogDoesNotSayWhereAPartitionEnds_OthersAreStoredAndItIsWhenItDoes()
    {
        MemoryLog log = OfOnePartition(out TopicPartition silent);
        EventFeed feed = new(seed: 21);
        TopicPartition other = new(Topics.Tls, 0);
        Enumerable.Range(0, 500).ToList().ForEach(_ => log.Append(other, feed.Next(Topics.Tls).Value.ToArray()));
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordingDelivery store = new();
        await using ConsumerCalls calls = new(log.Open()) { OnBounds = partition => partition == silent ? answer.Task : Task.CompletedTask };
        using SinkWorker worker = new(calls, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await TestWait.UntilAsync(() => run.IsCompleted || store.Rows == 500, Cancel);
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status is { Loading: 1, Partitions.Count: 1 }, Cancel);
        Assert.False(worker.Status.IsDrained);

        answer.SetResult();
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;

        Assert.Equal(2_500, store.Rows);
    }

    // Where it ends is asked again and again for the status: nothing waits for that either, and its failure is said and ends by itself.
    [Fact]
    public async Task Run_LogFailsToSayWhereAPartitionEndsLater_GoesOnAndSaysSoMeanwhile()
    {
        MemoryLog log = OfOnePartition(out TopicPartition partition);
        bool fails = false;
        RecordingDelivery store = new();
        await using ConsumerCalls calls = new(log.Open())
        {
            OnBounds = _ => Volatile.Read(ref fails) ? Task.FromException(new LogException("the leader is away", isTransient: true)) : Task.CompletedTask,
        };
        using SinkWorker worker = new(calls, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        Volatile.Write(ref fails, true);
        log.Append(partition, new EventFeed(seed: 22).Next(Topics.Bash).Value.ToArray());
        await TestWait.UntilAsync(() => run.IsCompleted || (store.Rows == 2_001 && worker.Status.Retrying == "the leader is away"), Cancel);
        Assert.False(worker.Status.IsDrained);

        Volatile.Write(ref fails, false);
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status is { IsDrained: true, Retrying: null }, Cancel);
        await stop.CancelAsync();
        await run;
    }

    // What a delivery has behind the range that is run again is not taken, and nobody delivers it by himself again.
    [Fact]
    public async Task Run_ReplayEndsWithinADelivery_WhatIsBehindItIsReadAgain()
    {
        MemoryLog log = OfOnePartition(out _);
        RecordingDelivery store = new() { Point = new ResumePoint(0, 1_950, []) };

        await RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(2_000, store.Rows);
    }

    [Fact]
    public async Task Run_BatchIsAnotherSinks_IsReadAgainFromWhereTheStoreSays()
    {
        MemoryLog log = OfOnePartition(out _);
        RecordingDelivery store = new() { Supersedes = 2 };

        await RunAsync(log, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(0, store.Supersedes);
        Assert.Equal(2_000, store.Rows);
    }

    [Fact]
    public async Task Run_ToldToEnd_WritesWhatItHasRead()
    {
        MemoryLog log = Filled(out EventFeed feed, 300);
        RecordingDelivery store = new();
        using SinkWorker worker = Worker(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMinutes(10) });
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await TestWait.UntilAsync(() => store.Bytes() > 300 * 200, Cancel); // read, and not due for a long time
        Assert.Equal(0, store.Rows);

        await stop.CancelAsync();
        await run;

        Assert.InRange(store.Rows, 1, feed.Expected.Count);
    }

    [Fact]
    public void Validate_SeveralOutOfRange_NamesThemAll()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new SinkOptions { BatchRows = 0, MaxBufferedBytes = 1 }.Validate());

        Assert.Contains("BatchRows is 0, it must be from 1 to 1000000", e.Message, StringComparison.Ordinal);
        Assert.Contains("MaxBufferedBytes is 1", e.Message, StringComparison.Ordinal);
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

    private static MemoryLog Filled(out EventFeed feed, int count)
    {
        MemoryLog log = new();
        feed = new EventFeed(seed: 5);
        feed.Fill(log, count);
        return log;
    }

    // 2,000 events, in deliveries of 100.
    private static MemoryLog OfOnePartition(out TopicPartition partition)
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

    private static SinkWorker Worker(MemoryLog log, IDelivery store, SinkOptions options) =>
        new(log.Open(), store, options, TimeProvider.System, NullLogger<SinkWorker>.Instance);

    private static async Task RunAsync(MemoryLog log, IDelivery store, SinkOptions options)
    {
        using SinkWorker worker = Worker(log, store, options);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await TestWait.UntilAsync(() => run.IsCompleted || worker.Status.IsDrained, Cancel);
        await stop.CancelAsync();
        await run;
    }

    private static class TestWait
    {
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

    /// <summary>No wait by it ends.</summary>
    private sealed class StillClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A store that counts.</summary>
    private sealed class RecordingDelivery : IDelivery
    {
        private readonly Lock _gate = new();
        private readonly List<CountingBatch> _batches = [];

        public int TransientFailures { get; set; }

        public StoreException? Permanent { get; init; }

        /// <summary>So many batches turn out to be another sink's, and the partition goes on where it was.</summary>
        public int Supersedes { get; set; }

        public TimeSpan Delay { get; init; }

        /// <summary>Writes wait for it.</summary>
        public Task Gate { get; init; } = Task.CompletedTask;

        public ResumePoint Point { get; init; } = ResumePoint.Beginning;

        public int Rows { get; private set; }

        public long MostBytes { get; private set; }

        public long Bytes() => Sum(batch => batch.Bytes);

        public long Batched() => Sum(batch => batch.Rows);

        public Batch CreateBatch(EventTable table, BufferPool pool)
        {
            CountingBatch batch = new();
            lock (_gate)
            {
                _batches.Add(batch);
            }

            return batch;
        }

        public Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) => Task.FromResult(Point);

        public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
        {
            await Gate.WaitAsync(cancellationToken);
            await Task.Delay(Delay, cancellationToken);
            lock (_gate)
            {
                if (Permanent is not null)
                {
                    throw Permanent;
                }

                if (TransientFailures > 0)
                {
                    TransientFailures--;
                    throw new StoreException("away", isTransient: true);
                }

                if (Supersedes > 0)
                {
                    Supersedes--;
                    return new WriteOutcome(new ResumePoint(plan.From, null, plan.Positions));
                }

                MostBytes = Math.Max(MostBytes, Bytes());
                Rows += batch.Rows;
                return WriteOutcome.Stored;
            }
        }

        private long Sum(Func<CountingBatch, long> what)
        {
            lock (_gate)
            {
                return _batches.Sum(what);
            }
        }
    }

    private sealed class CountingBatch : Batch
    {
        public override int Days => 1;

        protected override void AddRow(in EventRow row, StreamKey stream)
        {
        }

        protected override void Reset()
        {
        }
    }
}
