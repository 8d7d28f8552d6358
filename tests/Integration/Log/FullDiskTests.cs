using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support;

namespace ECapture.Tests.Integration.Log;

/// <summary>A local log whose disk is full for a while: whoever reads it goes on.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private static readonly TopicPartition Tls = new(Topics.Tls, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-log-").FullName;
    private TmpfsMount? _disk;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private TmpfsMount Disk => _disk!;

    private string Log => Path.Combine(Disk.Folder, "log");

    public async ValueTask InitializeAsync() => _disk = await TmpfsMount.MountAsync(Path.Combine(_folder, "disk"), 32 << 20);

    public async ValueTask DisposeAsync()
    {
        await Disk.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Commit_DiskIsFull_IsMadeWhenThereIsRoom()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, new LocalLogOptions());
        await AppendAsync(writer, 0, 10);
        await using (LogReader first = new(LocalLog.OpenConsumer(Log, "g", [Topics.Tls])))
        {
            await first.UntilAsync(() => first.Records.Count == 10, "reading ten");
            await FillUpAsync(writer);

            first.Consumer.Commit(Tls, first.Records[6].Offset);

            Disk.Free();
            await AppendAsync(writer, 10, 1);
            await first.UntilAsync(() => first.Records.Count == 11, "reading on");
        }

        await using LogReader second = new(LocalLog.OpenConsumer(Log, "g", [Topics.Tls]));
        await second.UntilAsync(() => second.Records.Count >= 5, "reading what was not committed");
        Assert.Equal(["6", "7", "8", "9", "10"], second.Values);
    }

    // Until the log itself says so: what was allocated before takes some more.
    private async Task FillUpAsync(LocalLogWriter writer)
    {
        Disk.Fill();
        LogEntry[] large = [new(Tls with { Topic = Topics.Packet }, default, new byte[900_000])];
        LogException e = await Assert.ThrowsAsync<LogException>(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await writer.AppendAsync(large, Cancelled);
            }
        });
        Assert.True(e.IsTransient, e.Message);
    }

    private static ValueTask AppendAsync(LocalLogWriter writer, int from, int count) =>
        writer.AppendAsync([.. Enumerable.Range(from, count).Select(i => new LogEntry(Tls, default, System.Text.Encoding.UTF8.GetBytes($"{i}")))], Cancelled);
}
