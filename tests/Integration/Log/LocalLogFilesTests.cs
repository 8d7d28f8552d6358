using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Log;

namespace ECapture.Tests.Integration.Log;

/// <summary>Damaged and foreign files, permissions, other users.</summary>
public sealed class LocalLogFilesTests : LocalLogTestBase
{
    private const int Nobody = 65534;
    private const int SharedGroup = 64321;

    [Fact]
    public async Task Receive_ByteOfABlockChanged_SaysWhichFileAndChangesNothing()
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            await AppendAsync(writer, 0, 10, padding: 1000);
        }

        string file = SegmentFiles()[0];
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancelled);
        int at = bytes.AsSpan().IndexOf(new string('.', 1000).Select(c => (byte)c).ToArray());
        bytes[at + 500] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancelled);

        await using LogReader reader = Reader("g");
        LogException e = await Assert.ThrowsAsync<LogException>(() => reader.UntilAsync(() => reader.Records.Count > 0, "reading"));
        AssertNames(e, file, "checksum");
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Cancelled));
    }

    [Theory]
    [InlineData("catalogue.db")]
    [InlineData("segment-0000000001.db")]
    public async Task Open_FileOverwritten_SaysWhichFileAndChangesNothing(string name)
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            await AppendAsync(writer, 0, 10);
        }

        string file = Path.Combine(Log, name);
        byte[] foreign = [.. Enumerable.Range(0, 20_000).Select(i => (byte)(i * 7))];
        await File.WriteAllBytesAsync(file, foreign, Cancelled);

        AssertNames(Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small)), file, "move it out");
        Assert.Equal(foreign, await File.ReadAllBytesAsync(file, Cancelled));

        // And as the message says: moved away, the log goes on.
        File.Move(file, Path.Combine(Root, name));
        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(next, 0, 1);
    }

    [Fact]
    public async Task Open_SegmentCutShort_SaysWhichFile()
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            await AppendAsync(writer, 0, 40, padding: 1000);
        }

        string file = SegmentFiles()[0];
        await using (FileStream stream = new(file, FileMode.Open))
        {
            stream.SetLength(stream.Length / 2);
        }

        AssertNames(Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small)), file, "move it out");
    }

    [Fact]
    public void Open_CatalogueOfAnotherProgram_SaysSo()
    {
        Directory.CreateDirectory(Log);
        string file = Path.Combine(Log, "catalogue.db");
        Assert.Equal(SQLitePCL.raw.SQLITE_OK, SQLitePCL.raw.sqlite3_open(file, out SQLitePCL.sqlite3 db));
        using (db)
        {
            Assert.Equal(SQLitePCL.raw.SQLITE_OK, SQLitePCL.raw.sqlite3_exec(db, "create table theirs(x)"));
        }

        AssertNames(Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small)), file, "not of an ecapture log");
        AssertNames(Assert.Throws<LogException>(() => LocalLog.OpenConsumer(Log, "g", ["tls"])), file, "not of an ecapture log");
    }

    [Fact]
    public void OpenConsumer_NoLog_TransientAndSaysWhere()
    {
        LogException e = Assert.Throws<LogException>(() => LocalLog.OpenConsumer(Log, "g", ["tls"]));
        Assert.True(e.IsTransient);
        Assert.Contains(Log, e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Log));
    }

    [Fact]
    public async Task OpenWriter_Twice_SecondIsRefused()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        LogException e = Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small));
        Assert.Contains("another process writes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenWriter_DirectoryIsAFile_OneLine()
    {
        File.WriteAllText(Log, "");
        LogException e = Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small));
        Assert.Contains(Log, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenWriter_UnknownGroup_OneLine()
    {
        LogException e = Assert.Throws<LogException>(() => LocalLog.OpenWriter(Log, Small with { Group = "no-such-group" }));
        Assert.Contains("'no-such-group'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_NoGroup_Private()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(writer, 0, 1);

        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(Log));
        Assert.All(Directory.EnumerateFiles(Log), f => Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task Append_NameOfTheNextSegmentIsALink_TargetIsNotTouched()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        string target = Path.Combine(Root, "made-by-root");
        File.CreateSymbolicLink(Path.Combine(Log, "segment-0000000002.db"), target);
        for (int i = 0; i < 40; i++)
        {
            await AppendAsync(writer, i * 10, 10, padding: 1000);
        }

        Assert.False(File.Exists(target));
        Assert.True(File.Exists(Path.Combine(Log, "segment-0000000003.db")));
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 400, "reading all");
    }

    [Fact]
    public async Task OtherUser_InTheGroup_ReadsAndCommitsWhileRootWrites()
    {
        RequireRoot();
        File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        SteppedTime time = new();
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small with { Clock = time, Group = "64321" });
        await AppendAsync(writer, 0, 10);

        await using LogPeer reader = LogPeer.StartAs(Nobody, SharedGroup, Path.Combine(Root, "program"), "read", Log, "g", "5000");
        await reader.LineAsync("read 9");
        for (int i = 1; i < 80; i++)
        {
            await AppendAsync(writer, i * 10, 10, padding: 1000); // over segments that root makes while the other user reads
        }

        await reader.LineAsync("read 799.");
        reader.Send("commit 800");
        await reader.LineAsync("committed");
        Assert.Equal(UnixFileMode.SetGroup | (UnixFileMode)0b111_111_000, File.GetUnixFileMode(Log));
        Assert.All(Directory.EnumerateFiles(Log), f => Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(f)));

        Assert.InRange(SegmentFiles().Length, 3, 20);
        time.Advance(TimeSpan.FromSeconds(1)); // the writer looks once a second
        await AppendAsync(writer, 800, 1);
        Assert.InRange(SegmentFiles().Length, 1, 2);
        await reader.LineAsync("read 800");
        await writer.DisposeAsync();
        await using LocalLogWriter again = LocalLog.OpenWriter(Log, Small with { Group = "64321" });
        await AppendAsync(again, 801, 1);
        await reader.LineAsync("read 801");
    }

    [Fact]
    public async Task OtherUser_FirstToOpenAfterTheWriterLeft_ReadsAndTheWriterGoesOn()
    {
        RequireRoot();
        File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small with { Group = "64321" }))
        {
            await AppendAsync(writer, 0, 10);
        }

        // No -wal and no -shm is left: the other user makes them.
        Assert.DoesNotContain(Directory.EnumerateFiles(Log), f => f.EndsWith("-wal", StringComparison.Ordinal));
        await using LogPeer reader = LogPeer.StartAs(Nobody, SharedGroup, Path.Combine(Root, "program"), "read", Log, "g", "5000");
        await reader.LineAsync("read 9");
        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small with { Group = "64321" });
        await AppendAsync(next, 10, 10);
        await reader.LineAsync("read 19");
    }

    [Fact]
    public async Task OtherUser_NotInTheGroup_OneClearLine()
    {
        RequireRoot();
        File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small with { Group = "64321" });
        await AppendAsync(writer, 0, 10);

        await using LogPeer stranger = LogPeer.StartAs(Nobody, Nobody, Path.Combine(Root, "program"), "read", Log, "g", "5000");
        string line = await stranger.LineAsync("error");
        Assert.Contains(Log, line, StringComparison.Ordinal);
        Assert.Contains("group", line, StringComparison.Ordinal);
    }

    private static void RequireRoot() =>
        Assert.True(Environment.IsPrivilegedProcess, "this test runs a reader as another user: run the tests as root");

    private static void AssertNames(LogException e, string file, string said)
    {
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.False(e.IsTransient);
    }
}
