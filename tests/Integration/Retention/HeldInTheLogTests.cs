using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Sink.Holds;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Retention;

/// <summary>What is held and not stored yet: the local log lets go of nothing before the store has it, whatever its own limits say.</summary>
public sealed class HeldInTheLogTests(StoresFixture stores)
{
    private static readonly TopicPartition s_tls = new(Topics.Tls, 0);
    private static readonly LocalLogOptions s_small = new() { SegmentBytes = 256 << 10, MaxBytes = 1 << 20, SegmentAge = TimeSpan.FromHours(1) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Hold_OfEventsThatAreOnlyInTheLog_ReachTheStoreAndStayThere(StoreKind kind)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-held-");
        try
        {
            await using KeptStore kept = await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
            SteppedTime time = new();
            await using LocalLogWriter log = LocalLog.OpenWriter(folder.FullName, s_small with { Clock = time });
            await using (LocalLog.OpenConsumer(folder.FullName, "sink", [Topics.Tls]))
            {
                // A sink was here once: its group is for ever.
            }

            kept.Append(Topics.Tls, KeptStore.Today.AddDays(-9), 2000, payload: 1000);
            IReadOnlyList<byte[]> events = kept.Log.Values(s_tls);
            await kept.Keeper(new RetentionRule(TimeSpan.FromDays(1), null, false)).AddHoldAsync(new LegalHold { Name = "case-9", Reason = "court", Hosts = ["h1"] }, Cancel);

            // Older than a segment lives and more than fits: nothing that was appended goes for what comes.
            int appended = await FillAsync(log, events, time);
            Assert.InRange(appended, 100, events.Count - 1);
            Assert.Equal(appended, await HeldByTheLogAsync(folder.FullName));
            Assert.Empty(log.TakeDropped());

            await using (LocalLogConsumer consumer = LocalLog.OpenConsumer(folder.FullName, "sink", [Topics.Tls], new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(1) }))
            await using (SinkRun sink = new(consumer, kept.Store))
            {
                await sink.WaitDrainedAsync(Cancel);
                await sink.StopAsync();
            }

            time.Advance(TimeSpan.FromHours(2));
            await log.AppendAsync([new LogEntry(s_tls, default, events[appended])], Cancel); // room again: what the store has may go
            Assert.True(await HeldByTheLogAsync(folder.FullName) < appended, "the log kept what the store has");
            StoreKeeper keeper = kept.Keeper(new RetentionRule(TimeSpan.FromDays(1), null, false));
            Assert.Empty((await keeper.ApplyAsync(false, "tester", Cancel)).Dropped);
            Assert.Equal(appended, (await kept.RowsAsync(Topics.Tls)).Count);

            await keeper.ReleaseHoldAsync("case-9", "bob", Cancel);
            Assert.Equal(["20261111"], (await keeper.ApplyAsync(false, "tester", Cancel)).Dropped.Select(p => p.Partition));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> FillAsync(LocalLogWriter log, IReadOnlyList<byte[]> events, SteppedTime time)
    {
        int appended = 0;
        foreach (byte[][] some in events.Chunk(50))
        {
            time.Advance(TimeSpan.FromHours(2)); // and it looks for what may go
            try
            {
                await log.AppendAsync([.. some.Select(value => new LogEntry(s_tls, default, value))], Cancel);
                appended += some.Length;
            }
            catch (LogException e)
            {
                Assert.True(e.IsTransient, e.Message);
                Assert.Contains("is full", e.Message, StringComparison.Ordinal);
                return appended;
            }
        }

        return appended;
    }

    private static async Task<long> HeldByTheLogAsync(string directory)
    {
        await using LocalLogReader reader = new(directory);
        (long first, long next) = await reader.GetBoundsAsync(s_tls, Cancel);
        return next - first;
    }
}
