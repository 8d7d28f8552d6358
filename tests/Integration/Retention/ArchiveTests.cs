using System.Globalization;
using ECapture.Events;
using ECapture.Sink;
using ECapture.Sink.Archive;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;

namespace ECapture.Tests.Integration.Retention;

public sealed class ArchiveTests(StoresFixture stores)
{
    private static readonly RetentionRule s_oneDayArchived = new(TimeSpan.FromDays(1), null, true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateTimeOffset Day(int before) => KeptStore.Today.AddDays(-before);

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Restore_DroppedPartition_ComesBackEqualAndStaysForAWhile(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Packet, Day(6), 300, payload: 1500);
        kept.Append(Topics.Packet, Day(0), 20);
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Packet);
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);

        RetentionResult dropped = await keeper.ApplyAsync(false, "tester", Cancel);
        Assert.Empty(dropped.Failed);
        ArchiveManifest archive = Assert.Single(await keeper.ArchivesAsync(Cancel));
        Assert.Equal(20, (await kept.RowsAsync(Topics.Packet)).Count);
        Assert.Equal(300, await kept.ExpiredAsync(Topics.Packet));
        Assert.Equal(["archive.export", "retention.drop"], kept.Journal.Controls.Select(c => c.Action));
        RestoreResult restored = await keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(7), "tester", Cancel);
        RestoreResult again = await keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(7), "tester", Cancel);

        Assert.Equal((300L, 0L), (restored.Restored, restored.Present));
        Assert.Equal((0L, 300L), (again.Restored, again.Present));
        Assert.Equal(before, await kept.RowsAsync(Topics.Packet));
        Assert.Equal(0, await kept.ExpiredAsync(Topics.Packet));
        Assert.Empty((await keeper.ApplyAsync(false, "tester", Cancel)).Dropped);
        kept.Clock.Now = kept.Clock.Now.AddDays(8); // the restored rows' hold is over
        RetentionResult last = await keeper.ApplyAsync(false, "tester", Cancel);
        Assert.Equal(["20261114", "20261120"], last.Dropped.Select(p => p.Partition));
        Assert.Equal(320, await kept.ExpiredAsync(Topics.Packet));
        Assert.Equal(3, (await keeper.ArchivesAsync(Cancel)).Count);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Restore_DiedInTheMiddle_BringsBackWhatIsMissing(StoreKind kind)
    {
        await using KeptStore kept = await OpenAsync(kind);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Tls);
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);
        await keeper.ApplyAsync(false, "tester", Cancel);
        ArchiveManifest archive = Assert.Single(await keeper.ArchivesAsync(Cancel));
        await keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(7), "tester", Cancel);
        await DeleteAsync(kept, "tls", "sequence >= 20"); // as far as it came

        RestoreResult again = await keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(7), "tester", Cancel);

        Assert.Equal((40L, 20L), (again.Restored, again.Present));
        Assert.Equal(before, await kept.RowsAsync(Topics.Tls));
        Assert.Equal(0, await kept.ExpiredAsync(Topics.Tls));
    }

    [Fact]
    public async Task Apply_DiedBetweenArchiveAndDrop_TheArchiveIsUsed()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);
        await ExecuteAsync(kept, "ALTER TABLE expired RENAME TO expired_away"); // nothing can be counted, so nothing is dropped
        Assert.NotEmpty((await keeper.ApplyAsync(false, "tester", Cancel)).Failed);
        ArchiveManifest archive = Assert.Single(await keeper.ArchivesAsync(Cancel));
        await ExecuteAsync(kept, "ALTER TABLE expired_away RENAME TO expired");

        RetentionResult result = await keeper.ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Single(result.Dropped);
        Assert.Equal(archive.Name, Assert.Single(await keeper.ArchivesAsync(Cancel)).Name);
    }

    [Fact]
    public async Task Apply_ArchiveOfBeforeHasLostItsEvents_ArchivesAnewBeforeItDrops()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);
        await ExecuteAsync(kept, "ALTER TABLE expired RENAME TO expired_away");
        Assert.NotEmpty((await keeper.ApplyAsync(false, "tester", Cancel)).Failed);
        ArchiveManifest gone = Assert.Single(await keeper.ArchivesAsync(Cancel));
        File.Delete(Path.Combine(kept.Archive, gone.File)); // somebody moved it away
        await ExecuteAsync(kept, "ALTER TABLE expired_away RENAME TO expired");

        RetentionResult result = await keeper.ApplyAsync(false, "tester", Cancel);

        Assert.Empty(result.Failed);
        Assert.Single(result.Dropped);
        ArchiveManifest anew = Assert.Single(await keeper.ArchivesAsync(Cancel), a => a.Name != gone.Name);
        Assert.Equal(60, (await keeper.VerifyArchiveAsync(anew.Name, Cancel)).Rows);
    }

    [Fact]
    public async Task Apply_ArchiveCannotBeWritten_DropsNothing()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        await File.WriteAllTextAsync(kept.Archive, "a file where the folder should be", Cancel);

        RetentionResult result = await kept.Keeper(s_oneDayArchived).ApplyAsync(false, "tester", Cancel);

        Assert.Contains("is not dropped", Assert.Single(result.Failed), StringComparison.Ordinal);
        Assert.Equal(60, (await kept.RowsAsync(Topics.Tls)).Count);
    }

    [Fact]
    public async Task Apply_PacketsCannotBeArchived_TheirSecretsStay()
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Secret, Day(7), 5);
        kept.Append(Topics.Secret, Day(4), 3);
        kept.Append(Topics.Packet, Day(6), 60); // of sessions that went on over a midnight
        await kept.SinkAsync();
        await File.WriteAllTextAsync(kept.Archive, "a file where the folder should be", Cancel);

        RetentionResult result = await kept.Keeper(table => s_oneDayArchived with { Archive = table == Topics.Packet }).ApplyAsync(false, "tester", Cancel);

        Assert.Single(result.Failed);
        Assert.Equal(60, (await kept.RowsAsync(Topics.Packet)).Count);
        Assert.Equal(5, (await kept.RowsAsync(Topics.Secret)).Count);
        Assert.Equal(["20261116"], result.Dropped.Select(p => p.Partition)); // nothing that is left is opened by those
    }

    [Theory]
    [InlineData(40)]
    [InlineData(-3)]
    public async Task VerifyArchive_AByteWasChanged_IsDamagedAndNotRestored(int at)
    {
        await using KeptStore kept = await OpenAsync(StoreKind.Postgres);
        kept.Append(Topics.Tls, Day(6), 60);
        await kept.SinkAsync();
        StoreKeeper keeper = kept.Keeper(s_oneDayArchived);
        await keeper.ApplyAsync(false, "tester", Cancel);
        ArchiveManifest archive = Assert.Single(await keeper.ArchivesAsync(Cancel));
        Assert.Equal(archive.Name, (await keeper.VerifyArchiveAsync(archive.Name, Cancel)).Name);
        string file = Path.Combine(kept.Archive, archive.File);
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[at < 0 ? bytes.Length + at : at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);

        SinkException damaged = await Assert.ThrowsAsync<SinkException>(() => keeper.VerifyArchiveAsync(archive.Name, Cancel));
        await Assert.ThrowsAsync<SinkException>(() => keeper.RestoreAsync(archive.Name, TimeSpan.FromDays(1), "tester", Cancel));

        Assert.Contains(archive.Name, damaged.Message, StringComparison.Ordinal);
        Assert.Empty(await kept.RowsAsync(Topics.Tls));
    }

    private static async Task DeleteAsync(KeptStore kept, string table, string condition)
    {
        if (kept.Store is ClickHouseStore clickHouse)
        {
            await clickHouse.Engine.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {table} WHERE {condition}"), Cancel);
        }
        else
        {
            await ExecuteAsync(kept, $"DELETE FROM {table} WHERE {condition}");
        }
    }

    private static async Task ExecuteAsync(KeptStore kept, string sql)
    {
        await using Npgsql.NpgsqlCommand command = ((PostgresStore)kept.Store).DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<KeptStore> OpenAsync(StoreKind kind) => await KeptStore.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel));
}
