using System.Globalization;
using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Sink.Rebuild;
using ECapture.Sink.Reconcile;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Events;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary><c>ecapture sink rebuild</c> over real stores.</summary>
public sealed class RebuildTests(StoresFixture stores) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-rebuild-").FullName;
    private readonly RandomEvents _random = new(61);
    private readonly List<StoredEvent> _expected = [];
    private readonly Guid _run = Guid.CreateVersion7();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Since { get; } = Nanoseconds(new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero)).ToString(CultureInfo.InvariantCulture);

    private string LogPath => Path.Combine(_folder, "log");

    private LogAddress Log => LogAddress.Parse("sqlite:" + LogPath);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_ColumnsAreWrong_TheyAreMadeAnewFromTheTableWhileASinkGoesOn(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await using LocalLogWriter writer = LocalLog.OpenWriter(LogPath, new LocalLogOptions());
        await writer.AppendAsync(Next(200), Cancel);
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(LogPath, "sink", Topics.All, new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(5) });
        await using SinkRun sink = new(consumer, store, batchRows: 20);
        await sink.WaitDrainedAsync(Cancel);
        long right = await stores.NumberAsync(store, "SELECT sum(pid) FROM bash");
        await stores.ExecuteAsync(store, "ALTER TABLE bash UPDATE pid = 1 WHERE 1 SETTINGS mutations_sync = 1", "UPDATE bash SET pid = 1");
        // What a rebuild that was killed leaves behind.
        await stores.ExecuteAsync(store, "CREATE TABLE bash_rebuild AS bash", "SELECT 1");

        Task<OperationRun> rebuild = OperationRun.RunAsync(RebuildOperation.RunAsync, store, Log, ("topic", Topics.Bash), ("since", Since));
        for (int i = 0; i < 10; i++)
        {
            await writer.AppendAsync(Next(10), Cancel); // late events of the same days
            await Task.Delay(50, Cancel);
        }

        OperationRun done = await rebuild;
        await sink.WaitDrainedAsync(Cancel);

        Assert.True(done.ExitCode == 0, done.Report);
        Assert.Contains("3 partitions of bash made anew, 0 refused", done.Report, StringComparison.Ordinal);
        Assert.Equal(3, done.Journal.Controls.Count(c => c.Action == "sink.rebuild"));
        SinkAssert.Same(_expected, await StoredEvents.ReadAsync(store, Cancel));
        Assert.InRange(await stores.NumberAsync(store, "SELECT sum(pid) FROM bash"), right, long.MaxValue);
        OperationRun equal = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Log);
        Assert.True(equal.ExitCode == 0, equal.Report);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_RowsAreGone_ComeFromTheLogAndAreRefusedWithoutIt(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        await using (LocalLogWriter writer = LocalLog.OpenWriter(LogPath, new LocalLogOptions()))
        {
            LogEntry[] entries = Next(150);
            await writer.AppendAsync(entries, Cancel);
            await writer.AppendAsync(entries[100..], Cancel); // twice in the log
            await writer.AppendAsync([new LogEntry(new TopicPartition(Topics.Bash, 0), default, new byte[] { 0xFF })], Cancel);
        }

        await DrainAsync(store);
        await stores.ExecuteAsync(
            store, "ALTER TABLE bash DELETE WHERE sequence % 10 = 0 SETTINGS mutations_sync = 1", "DELETE FROM bash WHERE sequence % 10 = 0");
        const string Doubled = "INSERT INTO bash SELECT * FROM bash WHERE sequence = 5";
        await stores.ExecuteAsync(store, Doubled, Doubled);
        long before = await stores.NumberAsync(store, "SELECT count(*) FROM bash");

        OperationRun refused = await OperationRun.RunAsync(RebuildOperation.RunAsync, store, null, ("topic", Topics.Bash), ("since", Since));

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("REFUSED, it is as it was", refused.Report, StringComparison.Ordinal);
        Assert.Contains("bash 2026", refused.Report, StringComparison.Ordinal);
        Assert.Empty(refused.Journal.Controls);
        Assert.Equal(before, await stores.NumberAsync(store, "SELECT count(*) FROM bash"));

        OperationRun rebuilt = await OperationRun.RunAsync(RebuildOperation.RunAsync, store, Log, ("topic", Topics.Bash), ("since", Since), ("json", "true"));

        Assert.True(rebuilt.ExitCode == 0, rebuilt.Report);
        Assert.All(rebuilt.Lines, line => Assert.Equal("log", JsonDocument.Parse(line).RootElement.GetProperty("source").GetString()));
        SinkAssert.Same(_expected, await StoredEvents.ReadAsync(store, Cancel));
        await DrainAsync(store); // the last batch runs again over the partitions that were swapped
        SinkAssert.Same(_expected, await StoredEvents.ReadAsync(store, Cancel));
        OperationRun equal = await OperationRun.RunAsync(ReconcileOperation.RunAsync, store, Log);
        Assert.True(equal.ExitCode == 0, equal.Report);
    }

    // Three days that ended long ago.
    private LogEntry[] Next(int count) => [.. Enumerable.Range(0, count).Select(_ =>
    {
        Event made = _random.Next(Topics.Bash, _run, (ulong)_expected.Count);
        made.WallNs = (ulong)Nanoseconds(new DateTimeOffset(2026, 10, 10, 0, 0, 0, TimeSpan.Zero)) + (made.WallNs % (3 * 86_400_000_000_000));
        byte[] encoded = made.ToByteArray();
        _expected.Add(new StoredEvent(Topics.Bash, _run, 0, _expected.Count, Convert.ToHexString(encoded)));
        return new LogEntry(new TopicPartition(Topics.Bash, 0), default, encoded);
    })];

    private async Task DrainAsync(Store store)
    {
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(LogPath, "sink", Topics.All, new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(2) });
        await using SinkRun sink = new(consumer, store, batchRows: 60);
        await sink.WaitDrainedAsync(Cancel);
        await sink.StopAsync();
    }

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private async Task<Store> OpenAsync(StoreKind kind) => await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
}
