using System.Diagnostics;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Makes the pictures of docs/screenshots: `make screenshots`.</summary>
public sealed class ScreenshotTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Screenshots_OfADemo_AreWritten()
    {
        string root = Repository.Root;
        string folder = Directory.CreateDirectory(Path.Combine(root, "docs", "screenshots")).FullName;
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, DemoHistory.Make((ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100), Cancel);
        await using RunningQuery query = await RunningQuery.StartAsync(new EventStoreReader(store));
        string tests = Path.Combine(root, "tests", "Web");
        using Process node = Process.Start(new ProcessStartInfo("node", [Path.Combine(tests, "screenshots.mjs"), query.Address.ToString(), folder])
        {
            WorkingDirectory = tests,
            RedirectStandardError = true,
        })!;
        string errors = await node.StandardError.ReadToEndAsync(Cancel);
        await node.WaitForExitAsync(Cancel);

        Assert.True(node.ExitCode == 0, errors);
        Assert.All(Directory.GetFiles(folder, "*.png"), file => Assert.InRange(new FileInfo(file).Length, 10_000, 200_000));
        Assert.Equal(["connections.png", "events.png", "http.png", "sql.png"], Directory.GetFiles(folder, "*.png").Select(Path.GetFileName).Order());
    }
}
