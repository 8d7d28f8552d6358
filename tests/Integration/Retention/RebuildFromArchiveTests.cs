using ECapture.Events;
using ECapture.Sink.Archive;
using ECapture.Sink.Operations;
using ECapture.Sink.Rebuild;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Tests.Integration.Sink.Operations;
using ECapture.Tests.Integration.Storage;

namespace ECapture.Tests.Integration.Retention;

/// <summary><c>ecapture sink rebuild</c> where the log is gone and an archive has what the table lacks.</summary>
public sealed class RebuildFromArchiveTests(StoresFixture stores)
{
    private static readonly RetentionRule s_oneDayArchived = new(TimeSpan.FromDays(1), null, true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_LogIsGone_TakesWhatTheTableLacksFromItsArchiveOrRefuses(StoreKind kind)
    {
        await using KeptStore kept = await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
        kept.Append(Topics.Tls, KeptStore.Today.AddDays(-6), 80);
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Tls);
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);
        await keeper.ApplyAsync(false, "tester", Cancel);
        ArchiveManifest archive = Assert.Single(await keeper.ArchivesAsync(Cancel));
        await keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(7), "tester", Cancel);
        await stores.ExecuteAsync(
            kept.Store, "ALTER TABLE tls DELETE WHERE sequence % 7 = 3 SETTINGS mutations_sync = 1", "DELETE FROM tls WHERE sequence % 7 = 3");

        OperationRun refused = await RebuildAsync(kept, null);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("no archive holds the partition", refused.Report, StringComparison.Ordinal);

        OperationRun rebuilt = await RebuildAsync(kept, kept.Archive);
        Assert.True(rebuilt.ExitCode == 0, rebuilt.Report);
        Assert.Contains($"80 rows from the table and archive {archive.Name}", rebuilt.Report, StringComparison.Ordinal);
        Assert.Equal(before, await kept.RowsAsync(Topics.Tls));

        // An archive that is damaged changes nothing.
        await stores.ExecuteAsync(kept.Store, "ALTER TABLE tls DELETE WHERE sequence = 5 SETTINGS mutations_sync = 1", "DELETE FROM tls WHERE sequence = 5");
        string file = Path.Combine(kept.Archive, archive.File);
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        OperationRun damaged = await RebuildAsync(kept, kept.Archive);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("is damaged", damaged.Report, StringComparison.Ordinal);
        Assert.Equal(79, (await kept.RowsAsync(Topics.Tls)).Count);
    }

    private static Task<OperationRun> RebuildAsync(KeptStore kept, string? archives) => OperationRun.RunAsync(
        RebuildOperation.RunAsync, kept.Store, null, context => context with { Archives = archives }, ("topic", Topics.Tls), ("since", "0"));
}
