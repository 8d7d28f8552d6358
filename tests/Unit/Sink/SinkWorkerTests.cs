using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Unit.Sink;

public sealed class SinkWorkerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_StoreIsAway_TriesAgainUntilItIsBack()
    {
        MemoryLog log = SinkWorkerRun.Filled(out EventFeed feed, 200);
        RecordingDelivery store = new() { TransientFailures = 7 };

        await SinkWorkerRun.RunAsync(log, store, new SinkOptions { RetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(5), FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(0, store.TransientFailures);
        Assert.Equal(feed.Expected.Count, store.Rows);
    }

    [Fact]
    public async Task Run_StoreRefusesForGood_EndsWithItsMessage()
    {
        MemoryLog log = SinkWorkerRun.Filled(out _, 20);
        RecordingDelivery store = new() { Permanent = new StoreException("no right to write", isTransient: false) };

        StoreException e = await Assert.ThrowsAsync<StoreException>(() => SinkWorkerRun.RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) }));

        Assert.Equal("no right to write", e.Message);
        Assert.Empty(log.Committed);
    }

    [Fact]
    public async Task Run_UnknownTopic_IsNeitherReadNorCommitted()
    {
        MemoryLog log = SinkWorkerRun.Filled(out EventFeed feed, 50);
        TopicPartition later = new("quic", 0);
        log.Append(later, [1, 2, 3]);
        RecordingDelivery store = new();

        await SinkWorkerRun.RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(feed.Expected.Count, store.Rows);
        Assert.DoesNotContain(later, log.Committed.Keys);
    }

    [Fact]
    public async Task Run_StoreIsAheadOfTheLog_EndsAndSaysWhatToDo()
    {
        MemoryLog log = SinkWorkerRun.Filled(out _, 20);
        RecordingDelivery store = new() { Point = new ResumePoint(1_000_000, null, []) };

        SinkException e = await Assert.ThrowsAsync<SinkException>(() => SinkWorkerRun.RunAsync(log, store, new SinkOptions()));

        Assert.Contains("sink_plan", e.Message, StringComparison.Ordinal);
    }

    // What a delivery has behind the range that is run again is not taken, and nobody delivers it by himself again.
    [Fact]
    public async Task Run_ReplayEndsWithinADelivery_WhatIsBehindItIsReadAgain()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out _);
        RecordingDelivery store = new() { Point = new ResumePoint(0, 1_950, []) };

        await SinkWorkerRun.RunAsync(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(2_000, store.Rows);
    }

    [Fact]
    public async Task Run_BatchIsAnotherSinks_IsReadAgainFromWhereTheStoreSays()
    {
        MemoryLog log = SinkWorkerRun.OfOnePartition(out _);
        RecordingDelivery store = new() { Supersedes = 2 };

        await SinkWorkerRun.RunAsync(log, store, new SinkOptions { BatchRows = 200, FlushInterval = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(0, store.Supersedes);
        Assert.Equal(2_000, store.Rows);
    }

    [Fact]
    public async Task Run_ToldToEnd_WritesWhatItHasRead()
    {
        MemoryLog log = SinkWorkerRun.Filled(out EventFeed feed, 300);
        RecordingDelivery store = new();
        using SinkWorker worker = SinkWorkerRun.Worker(log, store, new SinkOptions { FlushInterval = TimeSpan.FromMinutes(10) });
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await SinkWorkerRun.UntilAsync(() => store.Bytes() > 300 * 200, Cancel); // read, and not due for a long time
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
}
