using System.Globalization;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink;

/// <summary>kill -9 of the engine under a sink, and of the sink itself.</summary>
public sealed class KilledPartsTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ClickHouseIsKilledWhileItInserts_StoresEachEventOnce()
    {
        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Cancel);
        StoreAddress address = await server.CreateDatabaseAsync("killed", Cancel);
        await KillUnderLoadAsync(address, server.KillAsync, server.RestartAsync);
    }

    [Fact]
    public async Task Run_PostgresIsKilledWhileItInserts_StoresEachEventOnce()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(Cancel);
        StoreAddress address = await cluster.CreateDatabaseAsync("killed", Cancel);
        await KillUnderLoadAsync(address, cluster.KillAsync, cluster.RestartAsync);
    }

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgres")]
    [InlineData("chdb")]
    public async Task Run_SinkIsKilledAgainAndAgain_StoresEachEventOnce(string kind)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-sink-").FullName;
        try
        {
            StoreAddress address = kind switch
            {
                "clickhouse" => await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel),
                "postgres" => await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel),
                _ => StoreAddress.Parse($"chdb:{folder}/store"),
            };
            string log = Path.Combine(folder, "log");
            EventFeed feed = new(seed: 21);
            await using (LocalLogWriter writer = LocalLog.OpenWriter(log, new LocalLogOptions()))
            {
                for (int i = 0; i < 20; i++)
                {
                    await writer.AppendAsync([.. feed.Next(1000)], Cancel);
                }
            }

            for (int kill = 0; kill < 4; kill++)
            {
                await using ServerProcess sink = Start(log, address);
                await Task.Delay(900 + (kill * 130), Cancel); // booted, and anywhere in its work
                await sink.KillAsync();
            }

            await using ServerProcess last = Start(log, address);
            int exitCode = await last.WaitForExitAsync(Cancel);
            Assert.True(exitCode == 0, last.Output);

            SinkAssert.Same(feed.Expected, await ReadAsync(address, folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Open_DirectoryIsInUse_SaysByWhom()
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-sink-").FullName;
        try
        {
            await using ServerProcess first = ServerProcess.Start(Gateway, ["serve", $"{folder}/store", Port(), "u", "p"]);
            await first.WaitReadyAsync(_ => Task.FromResult(File.Exists($"{folder}/store/ecapture.pid")), TimeSpan.FromSeconds(120), Cancel);
            await using ServerProcess second = ServerProcess.Start(Gateway, ["serve", $"{folder}/store", Port(), "u", "p"]);

            Assert.Equal(1, await second.WaitForExitAsync(Cancel));

            Assert.Contains($"is in use by process {first.Id}", second.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Query_ReadersHoldEveryConnection_OneMoreIsRefusedAndTheSinkGoesOn()
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-busy-").FullName;
        try
        {
            await using ServerProcess engine = ServerProcess.Start(Gateway, ["busy", $"{folder}/store"]);
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(60));

            int exitCode = await engine.WaitForExitAsync(limit.Token);

            Assert.True(exitCode == 0, engine.Output);
            Assert.Equal(["is busy: 16 statements run", "the writer goes on", "free again"], engine.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Contains("is busy: 16 statements run", StringComparison.Ordinal) ? "is busy: 16 statements run" : line.Trim()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Open_LibraryIsMissing_SaysWhatToRun()
    {
        await using ServerProcess gateway = ServerProcess.Start(
            Gateway, ["serve", "/nowhere", Port(), "u", "p"], new Dictionary<string, string> { ["ECAPTURE_CHDB"] = "/nowhere/libchdb.so" });

        Assert.Equal(1, await gateway.WaitForExitAsync(Cancel));

        Assert.Contains("run `make setup`", gateway.Output, StringComparison.Ordinal);
    }

    private static string Gateway => Path.Combine(AppContext.BaseDirectory, "ChdbGateway");

    private static string Port() => FreePort.Next().ToString(CultureInfo.InvariantCulture);

    private static ServerProcess Start(string log, StoreAddress address) => ServerProcess.Start(Gateway, ["sink", log, address.Text, "300"]);

    private static async Task<List<StoredEvent>> ReadAsync(StoreAddress address, string folder)
    {
        if (address.Kind != StoreKind.ClickHouseInProcess)
        {
            await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Reader, Cancel);
            return await StoredEvents.ReadAsync(store, Cancel);
        }

        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Path.Combine(folder, "store"), Cancel);
        await using Store served = await StoreFactory.OpenAsync(server.Address(address.Database), StoreRole.Reader, Cancel);
        return await StoredEvents.ReadAsync(served, Cancel);
    }

    private static async Task KillUnderLoadAsync(StoreAddress address, Func<Task> kill, Func<CancellationToken, Task> restart)
    {
        MemoryLog log = new();
        EventFeed feed = new(seed: 22);
        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, Cancel);
        await using SinkRun sink = new(log, store, batchRows: 100, recordsPerDelivery: 50);
        for (int round = 0; round < 4; round++)
        {
            feed.Fill(log, 1_500);
            await Task.Delay(150 + (round * 90), Cancel); // in the middle of its inserts
            await kill();
            feed.Fill(log, 200);
            await restart(Cancel);
        }

        await sink.WaitDrainedAsync(Cancel);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
    }
}
