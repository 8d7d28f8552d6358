using ECapture.Events;
using ECapture.Sink.Retention;
using ECapture.Tests.Support.ClickHouse;

namespace ECapture.Tests.Integration.Retention;

/// <summary>kill -9 of the engine while partitions are dropped. It waits for leases to end: `make chaos-retention` runs it.</summary>
public sealed class KilledKeeperTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Apply_EngineIsKilledAgainAndAgain_EveryOldRowIsCountedOnceAndNoOtherIsLost(int seed)
    {
        Random random = new(seed);
        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Cancel);
        await using KeptStore kept = await KeptStore.OpenAsync(await server.CreateDatabaseAsync("killed", Cancel));
        const int Days = 12;
        for (int day = Days; day >= 1; day--)
        {
            kept.Append(Topics.Tls, KeptStore.Today.AddDays(-day), 100);
        }

        await kept.SinkAsync();
        List<string> all = await kept.RowsAsync(Topics.Tls);
        StoreKeeper keeper = kept.Keeper(new RetentionRule(TimeSpan.FromDays(2), null, seed % 2 == 0));
        for (int kill = 0; kill < 4; kill++)
        {
            Task<RetentionResult> apply = keeper.ApplyAsync(false, "tester", Cancel);
            await Task.Delay(random.Next(20, 600), Cancel);
            await server.KillAsync();
            await Task.WhenAny(apply); // it fails, or had ended
            await server.RestartAsync(Cancel);
        }

        // The lease of a keeper whose engine was killed ends by itself.
        RetentionResult last = await keeper.ApplyAsync(false, "tester", Cancel);
        for (int i = 0; i < 60 && (last.Failed.Count > 0 || (await kept.RowsAsync(Topics.Tls)).Count > 200); i++)
        {
            await Task.Delay(1000, Cancel); // the lease of the engine that was killed is the server's and ends in real time
            last = await keeper.ApplyAsync(false, "tester", Cancel);
        }

        Assert.Empty(last.Failed);
        Assert.Equal(all[^200..], await kept.RowsAsync(Topics.Tls)); // of the last two days, equal and once
        Assert.Equal(all.Count - 200, await kept.ExpiredAsync(Topics.Tls));
        Assert.Equal("0", (await kept.QueryAsync("SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'expiring_')", ""))[0]);
    }
}
