using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Tests.Support;
using ECapture.Tests.Support.ClickHouse;

namespace ECapture.Tests.Integration.Storage;

// Found by make chaos: an engine whose disk was full while its tables were made did not start again.
public sealed class FullEngineDiskTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-full-engine-").FullName;
    private TmpfsMount? _disk;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _disk = await TmpfsMount.MountAsync(Path.Combine(_folder, "disk"), 64 << 20);

    public async ValueTask DisposeAsync()
    {
        await _disk!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Define_DiskIsNearlyFull_IsRefusedAndTheEngineStartsAgain()
    {
        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Path.Combine(_disk!.Folder, "data"), Cancel);
        StoreAddress address = await server.CreateDatabaseAsync("full", Cancel);
        await using ClickHouseHttp engine = new(address);
        await engine.DefineAsync("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a", Cancel);
        await engine.ExecuteAsync("INSERT INTO t VALUES (1)", Cancel);
        _disk.Fill();

        StoreException e = await Assert.ThrowsAsync<StoreException>(() => engine.DefineAsync("ALTER TABLE t ADD COLUMN b UInt8", Cancel));
        Assert.True(e.IsTransient);
        Assert.Contains("free space", e.Message, StringComparison.Ordinal);
        await engine.DefineDatabaseAsync("full", Cancel); // is there: nothing is written

        await server.KillAsync();
        _disk.Free();
        await server.RestartAsync(Cancel);
        await engine.DefineAsync("ALTER TABLE t ADD COLUMN b UInt8 DEFAULT 7", Cancel);
        Assert.Equal("1\t7\n", await server.ExecuteAsync("full", "SELECT a, b FROM t FORMAT TSV", Cancel));
    }
}
