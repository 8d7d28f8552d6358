using System.Text.Json;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Reconcile;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary><c>ecapture reconcile</c>: a real local log, real stores, and somebody who changes them by hand.</summary>
public sealed class ReconcileTests(StoresFixture stores) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-reconcile-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string LogDirectory => Path.Combine(_folder, "log");

    private LogAddress Address => LogAddress.Parse("sqlite:" + LogDirectory);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_DuplicatesPoisonAndRestarts_EveryLineIsEqualAndEveryChangeIsFound(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        EventFeed feed = new(seed: 51);
        await using (LocalLogWriter writer = LocalLog.OpenWriter(LogDirectory, new LocalLogOptions()))
        {
            for (int i = 0; i < 2; i++)
            {
                LogEntry[] entries = [.. feed.Next(250)];
                await writer.AppendAsync(entries, Cancel);
                await writer.AppendAsync(entries[200..250], Cancel); // what a forwarder sends twice
                await writer.AppendAsync([new LogEntry(new TopicPartition(Topics.Bash, 0), default, new byte[] { 0xFF, 0xFF, (byte)i })], Cancel);
                await DrainAsync(store, batchRows: 200); // each start runs the last batch again
            }
        }

        OperationRun equal = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("json", "true"));

        Assert.True(equal.ExitCode == 0, equal.Report);
        JsonElement[] lines = Lines(equal);
        Assert.Equal(2 * 301, lines.Sum(l => l.GetProperty("offsets").GetInt64()));
        Assert.Equal(500, lines.Sum(l => l.GetProperty("rows").GetInt64()));
        Assert.Equal(100, lines.Sum(l => l.GetProperty("duplicates").GetInt64()));
        Assert.Equal(2, lines.Sum(l => l.GetProperty("dead_letters").GetInt64()));
        Assert.All(lines, l => Assert.Equal("log", l.GetProperty("proven_by").GetString()));

        // A dead letter that becomes a row stays equal: an event that an older version could not read.
        byte[] retried = feed.Next(Topics.Bash).Value.ToArray();
        string retriedHex = Convert.ToHexString(retried);
        long offset = await stores.NumberAsync(store, "SELECT min(log_offset) FROM dead_letter");
        await stores.ExecuteAsync(
            store,
            $"ALTER TABLE dead_letter UPDATE event = unhex('{retriedHex}') WHERE log_offset = {offset} SETTINGS mutations_sync = 1",
            $"UPDATE dead_letter SET event = decode('{retriedHex}', 'hex') WHERE log_offset = {offset}");
        OperationRun retry = await OperationRun.RunAsync(DeadLetterOperations.RetryAsync, store, null, ("id", $"bash/0/{offset}"));
        Assert.True(retry.ExitCode == 0, retry.Report);
        OperationRun afterRetry = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("json", "true"));
        Assert.True(afterRetry.ExitCode == 0, afterRetry.Report);
        Assert.Equal(501, Lines(afterRetry).Sum(l => l.GetProperty("rows").GetInt64()));

        // One row gone, one row twice, of different tables.
        (long gone, long twice) = ((long)feed.Expected.First(e => e.Table == Topics.Postgres).Sequence, (long)feed.Expected.First(e => e.Table == Topics.Packet).Sequence);
        string goneRun = feed.Expected.First(e => e.Table == Topics.Postgres).Run.ToString("D");
        string twiceRun = feed.Expected.First(e => e.Table == Topics.Packet).Run.ToString("D");
        await stores.ExecuteAsync(
            store,
            $"ALTER TABLE postgres DELETE WHERE sequence = {gone} AND run = '{goneRun}' SETTINGS mutations_sync = 1",
            $"DELETE FROM postgres WHERE sequence = {gone} AND run = '{goneRun}'");
        string doubled = $"INSERT INTO packet SELECT * FROM packet WHERE sequence = {twice} AND run = '{twiceRun}'";
        await stores.ExecuteAsync(store, doubled, doubled);

        OperationRun changed = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("json", "true"));

        Assert.Equal(1, changed.ExitCode);
        Assert.Equal<(string?, long)[]>(
            [("packet", -1), ("postgres", 1)],
            [.. Lines(changed).Where(l => l.GetProperty("difference").GetInt64() != 0).Select(l => (l.GetProperty("topic").GetString(), l.GetProperty("difference").GetInt64()))]);
        OperationRun text = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("topic", Topics.Postgres));
        Assert.Equal(1, text.ExitCode);
        Assert.StartsWith("NOT EQUAL: 1 of ", text.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(0, (await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("topic", Topics.Tls))).ExitCode);
    }

    [Fact]
    public async Task Run_LogHasDroppedSegments_SaysWhatIsProvenFromWhat()
    {
        await using Store store = await OpenAsync(StoreKind.Postgres);
        EventFeed feed = new(seed: 52);
        LocalLogOptions small = new() { SegmentBytes = 256 << 10, MaxBytes = 64 << 20 };
        await using (LocalLogWriter writer = LocalLog.OpenWriter(LogDirectory, small))
        {
            for (int i = 0; i < 8; i++)
            {
                await writer.AppendAsync([.. feed.Next(100)], Cancel);
            }

            await DrainAsync(store);
        }

        string[] segments = [.. Directory.EnumerateFiles(LogDirectory, "segment-*.db").Order(StringComparer.Ordinal)];
        Assert.True(segments.Length >= 2, $"{segments.Length} segment");
        OperationRun whole = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("json", "true"));
        Assert.True(whole.ExitCode == 0, whole.Report);
        await WaitForDropAsync(small, feed, store);

        OperationRun later = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address, ("json", "true"));

        Assert.True(later.ExitCode == 0, later.Report);
        JsonElement[] lines = Lines(later);
        Assert.Equal(feed.Expected.Count, lines.Sum(l => l.GetProperty("offsets").GetInt64()));
        Assert.Contains(lines, l => l.GetProperty("proven_by").GetString() != "log");

        // What the accounts say is not believed when they were changed: a batch without its account is a hole.
        long from = await stores.NumberAsync(store, "SELECT max(from_offset) FROM sink_account WHERE topic = 'tls' AND from_offset < (SELECT max(from_offset) FROM sink_account WHERE topic = 'tls')");
        await stores.ExecuteAsync(
            store,
            $"ALTER TABLE sink_account DELETE WHERE topic = 'tls' AND from_offset = {from} SETTINGS mutations_sync = 1",
            $"DELETE FROM sink_account WHERE topic = 'tls' AND from_offset = {from}");
        OperationRun tampered = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Address);
        Assert.Equal(1, tampered.ExitCode);
        Assert.Contains("are in no batch", tampered.Report, StringComparison.Ordinal);
    }

    // Segments that every group has read go when something is appended.
    private async Task WaitForDropAsync(LocalLogOptions options, EventFeed feed, Store store)
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(LogDirectory, options);
        string first = Directory.EnumerateFiles(LogDirectory, "segment-*.db").Order(StringComparer.Ordinal).First();
        for (int i = 0; File.Exists(first); i++)
        {
            Assert.True(i < 60, "the log drops no segment");
            await writer.AppendAsync([.. feed.Next(20)], Cancel);
            await DrainAsync(store);
            await Task.Delay(500, Cancel);
        }
    }

    private async Task DrainAsync(Store store, int batchRows = 12)
    {
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(LogDirectory, "sink", Topics.All, new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(2) });
        await using SinkRun sink = new(consumer, store, batchRows);
        await sink.WaitDrainedAsync(Cancel);
        await sink.StopAsync();
    }

    private static JsonElement[] Lines(OperationRun run) =>
        [.. run.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("topic", out _))];

    private async Task<Store> OpenAsync(StoreKind kind) => await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
}
