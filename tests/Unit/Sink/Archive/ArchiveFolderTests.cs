using ECapture.Events;
using ECapture.Sink;
using ECapture.Sink.Archive;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sink.Archive;

public sealed class ArchiveFolderTests : IDisposable
{
    private static readonly StoredPartition s_partition = new(Topics.Tls, new PartitionSpan(PartitionUnit.Day, 20_000), 2, 1000);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-archive-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task WriteAsync_StoreFailsInTheMiddle_LeavesNothing()
    {
        static async IAsyncEnumerable<ExportedRow> Rows()
        {
            yield return Row(0);
            await Task.Yield();
            throw new StoreException("the store went away", isTransient: true);
        }

        StoreException e = await Assert.ThrowsAsync<StoreException>(() => WriteAsync(Rows()));

        Assert.Equal("the store went away", e.Message);
        Assert.Empty(_root.GetFiles());
    }

    [Fact]
    public async Task WriteAsync_RowThatIsNoEvent_LeavesNothing()
    {
        SinkException e = await Assert.ThrowsAsync<SinkException>(() => WriteAsync(new[] { Row(0), new ExportedRow(0, 7, [0xFF]) }.ToAsyncEnumerable()));

        Assert.Contains("the row at offset 7 of log partition 0 is no event", e.Message, StringComparison.Ordinal);
        Assert.Empty(_root.GetFiles());
    }

    [Fact]
    public async Task WriteAsync_NameIsTaken_LeavesWhatIsThere()
    {
        Guid action = Guid.CreateVersion7();
        ArchiveFolder folder = new(_root.FullName);
        ArchiveManifest first = await folder.WriteAsync("chdb:/one", s_partition, action, DateTimeOffset.UnixEpoch, new[] { Row(0) }.ToAsyncEnumerable(), Cancel);

        await Assert.ThrowsAsync<SinkException>(() => folder.WriteAsync("chdb:/two", s_partition, action, DateTimeOffset.UnixEpoch, new[] { Row(0) }.ToAsyncEnumerable(), Cancel));
        ArchiveManifest other = await WriteAsync(new[] { Row(0) }.ToAsyncEnumerable()); // in the same second, by somebody else

        Assert.NotEqual(first.Name, other.Name);
        Assert.Equal(2, folder.List().Count);
        await folder.VerifyAsync(first, Cancel);
    }

    [Fact]
    public async Task List_ManifestThatHoldsNothing_IsRefusedByName()
    {
        ArchiveManifest written = await WriteAsync(new[] { Row(0), Row(1) }.ToAsyncEnumerable());
        Assert.Equal(written.Name, Assert.Single(new ArchiveFolder(_root.FullName).List()).Name);
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "mine.json"), "null", Cancel);

        SinkException e = Assert.Throws<SinkException>(() => new ArchiveFolder(_root.FullName).List());

        Assert.Contains("mine.json cannot be read", e.Message, StringComparison.Ordinal);
    }

    private static ExportedRow Row(long offset) =>
        new(0, offset, new RandomEvents(seed: 3).Next(Topics.Tls, Guid.CreateVersion7(), (ulong)offset).ToByteArray());

    private Task<ArchiveManifest> WriteAsync(IAsyncEnumerable<ExportedRow> rows) =>
        new ArchiveFolder(_root.FullName).WriteAsync("chdb:/store", s_partition, Guid.CreateVersion7(), DateTimeOffset.UnixEpoch, rows, Cancel);
}
