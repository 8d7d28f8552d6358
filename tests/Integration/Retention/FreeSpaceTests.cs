using System.Diagnostics;
using ECapture.Events;
using ECapture.Policies;
using ECapture.Sink.Retention;
using ECapture.Storage.Partitions;
using ECapture.Tests.Support.ClickHouse;

namespace ECapture.Tests.Integration.Retention;

/// <summary>A store on a small volume of its own.</summary>
public sealed class FreeSpaceTests : IAsyncLifetime
{
    private readonly DirectoryInfo _volume = Directory.CreateTempSubdirectory("ecapture-volume-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await RunAsync("mount", "-t", "tmpfs", "-o", "size=512m", "ecapture-test", _volume.FullName);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "-l", _volume.FullName);
        _volume.Delete();
    }

    [Fact]
    public async Task Apply_VolumeGetsShort_DropsTheOldestBeforeItIsFull()
    {
        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Path.Combine(_volume.FullName, "store"), Cancel);
        await using KeptStore kept = await KeptStore.OpenAsync(await server.CreateDatabaseAsync("small", Cancel));
        for (int day = 4; day >= 1; day--)
        {
            kept.Append(Topics.Packet, KeptStore.Today.AddDays(-day), 1500, payload: 4000); // random bytes: they do not compress
        }

        await kept.SinkAsync();
        PartitionStore partitions = PartitionStore.Of(kept.Store);
        StoredPartition[] before = [.. (await partitions.ListAsync(Cancel)).Where(p => p.Table == Topics.Packet)];
        StoreSpace space = Assert.IsType<StoreSpace>(await partitions.SpaceAsync(Cancel));
        Assert.Equal(512L << 20, space.Total);
        long minimum = space.Free + before[0].Bytes + (before[1].Bytes / 2); // one partition and a half too little
        StoreKeeper keeper = kept.Keeper(new RetentionRule(null, null, false), new FreeSpace(null, minimum));

        RetentionResult result = await keeper.ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Equal(["20261116", "20261117"], result.Dropped.Select(p => p.Partition));
        Assert.Equal(3000, (await kept.RowsAsync(Topics.Packet)).Count);
        Assert.Equal(3000, await kept.ExpiredAsync(Topics.Packet));
        long free = 0;
        for (Stopwatch patience = Stopwatch.StartNew(); free < minimum && patience.Elapsed < TimeSpan.FromSeconds(120); await Task.Delay(100, Cancel))
        {
            free = (await partitions.SpaceAsync(Cancel))!.Free;
        }

        Assert.True(free >= minimum, $"{free} bytes are free, {minimum} were to be");
        Assert.Empty((await keeper.ApplyAsync(false, "tester", Cancel)).Dropped);
    }

    [Fact]
    public async Task Apply_OldestCannotBeArchived_OthersGoInstead()
    {
        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Path.Combine(_volume.FullName, "store"), Cancel);
        await using KeptStore kept = await KeptStore.OpenAsync(await server.CreateDatabaseAsync("stuck", Cancel));
        kept.Append(Topics.Packet, KeptStore.Today.AddDays(-4), 500, payload: 4000);
        kept.Append(Topics.Tls, KeptStore.Today.AddDays(-3), 500, payload: 4000);
        await kept.SinkAsync();
        await File.WriteAllTextAsync(kept.Archive, "not a folder", Cancel);
        PartitionStore partitions = PartitionStore.Of(kept.Store);
        long minimum = (await partitions.SpaceAsync(Cancel))!.Free + 100_000; // the oldest alone would do

        RetentionResult result = await kept.Keeper(table => new RetentionRule(null, null, table == Topics.Packet), new FreeSpace(null, minimum)).ApplyAsync(false, "tester", Cancel);

        Assert.Single(result.Failed);
        Assert.Equal("tls/20261117", Assert.Single(result.Dropped) is var one ? $"{one.Table}/{one.Partition}" : "");
        Assert.Equal(500, (await kept.RowsAsync(Topics.Packet)).Count);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken.None);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}; these tests need root");
    }
}
