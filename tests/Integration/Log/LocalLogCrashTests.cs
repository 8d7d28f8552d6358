using System.Globalization;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support.Log;
using SQLitePCL;

namespace ECapture.Tests.Integration.Log;

/// <summary>What a kill -9, a power cut or a stopped process leaves behind.</summary>
public sealed class LocalLogCrashTests : LocalLogTestBase
{
    [Fact]
    public async Task Append_WriterKilledMidAppend_EverythingThatReturnedIsThereAndNothingInHalf()
    {
        long acknowledged = -1;
        await using (LogPeer writer = LogPeer.Start("write", Log))
        {
            await writer.LineAsync("appended 9699"); // a hundred batches and some segments
            foreach (string line in await writer.KillAsync())
            {
                acknowledged = long.Parse(line.AsSpan("appended ".Length), CultureInfo.InvariantCulture);
            }
        }

        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(next, -1, 1);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count > 0 && Number(reader.Records[^1].Value) == -1, "reading to the end");

        long[] numbers = [.. Numbers(reader)];
        Assert.InRange(numbers.Length - 2, Math.Max(acknowledged, 9699), long.MaxValue);
        Assert.Equal(0, (numbers.Length - 1) % 97); // whole batches
        Assert.Equal(Enumerable.Range(0, numbers.Length - 1).Select(i => (long)i), numbers[..^1]);
        Assert.Equal(Enumerable.Range(0, numbers.Length).Select(i => (long)i), reader.Records.Select(r => r.Offset));
    }

    [Fact]
    public async Task Open_AfterAPowerCut_OffsetsThatMayHaveBeenReadAreNotGivenAgain()
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            await AppendAsync(writer, 0, 10);
        }

        Execute("catalogue.db", "update session set boot='another boot', clean=0");
        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(next, 10, 2);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 12, "reading over the gap");

        Assert.Equal(9, reader.Records[9].Offset);
        Assert.Equal(10 + (1L << 32), reader.Records[10].Offset);
        Assert.Equal(12, ((LocalLogConsumer)reader.Consumer).CountFrom(Tls, 0));
        Assert.Equal(2, ((LocalLogConsumer)reader.Consumer).CountFrom(Tls, 10));
    }

    [Fact]
    public async Task Open_AfterACleanEnd_OffsetsGoOn()
    {
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            await AppendAsync(writer, 0, 10);
        }

        Execute("catalogue.db", "update session set boot='another boot'");
        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(next, 10, 1);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 11, "reading all");
        Assert.Equal(10, reader.Records[10].Offset);
    }

    [Fact]
    public async Task Open_NewestSegmentTakenAway_OffsetsGoOnBehindIt()
    {
        string id;
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Log, Small))
        {
            id = writer.LogId;
            for (int i = 0; i < 60; i++)
            {
                await AppendAsync(writer, i * 10, 10, padding: 1000);
            }
        }

        string[] files = SegmentFiles();
        Assert.InRange(files.Length, 2, 10);
        File.Delete(files[^1]);
        await using LocalLogWriter next = LocalLog.OpenWriter(Log, Small);
        Assert.Equal(id, next.LogId);
        await AppendAsync(next, 1000, 1);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count > 0 && Number(reader.Records[^1].Value) == 1000, "reading on");
        Assert.InRange(reader.Records[^1].Offset, 1L << 32, (1L << 32) + 600);
    }

    [Fact]
    public async Task Members_OneKilled_TheOtherTakesOverAfterTheLease()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(writer, 0, 5);
        await using LogPeer first = LogPeer.Start("read", Log, "g", "1000");
        await first.LineAsync("read 4");
        first.Send("commit 3");
        await first.LineAsync("committed");
        await first.KillAsync();

        await using LogReader second = Reader("g");
        await second.UntilAsync(() => second.Records.Count == 2, "the second reading from the commit");
        Assert.Equal([3, 4], Numbers(second));
    }

    [Fact]
    public async Task Commit_ByAStoppedMemberThatWakes_IsFenced()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(writer, 0, 5);
        await using LogPeer stale = LogPeer.Start("read", Log, "g", "1000");
        await stale.LineAsync("read 4");
        await using LogReader second = await StopAndOpenAsync(stale);
        await second.UntilAsync(() => second.Records.Count == 5, "the second taking over");
        second.Consumer.Commit(Tls, 4);
        stale.Send("commit 2");
        await stale.SignalAsync("CONT");
        await stale.LineAsync("committed");

        Assert.Equal(4, ((LocalLogConsumer)second.Consumer).Position(Tls));
        await second.ForAsync(TimeSpan.FromSeconds(1)); // both members live: one of them owns it
        second.Consumer.Commit(Tls, 5);
        long position = ((LocalLogConsumer)second.Consumer).Position(Tls);
        if (position != 5)
        {
            Assert.Equal(4, position);
            await second.UntilAsync(() => !second.Owned.Contains(Tls), "hearing that the one that woke has it now, so that its commit did not count");
        }
    }

    // A member that is stopped in the middle of its heartbeat holds the catalogue's lock: then it goes on and is stopped again.
    private async Task<LogReader> StopAndOpenAsync(LogPeer peer)
    {
        for (int attempt = 1; ; attempt++)
        {
            await peer.SignalAsync("STOP");
            try
            {
                return Reader("g");
            }
            catch (LogException e) when (e.IsTransient && attempt < 5)
            {
                await peer.SignalAsync("CONT");
            }
        }
    }

    [Fact]
    public async Task Commit_EpochHasRisen_ChangesNothingAndTheLossIsDelivered()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(writer, 0, 5);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 5, "reading");
        reader.Consumer.Commit(Tls, 2);

        // Another member took it while this one was away; this one has not looked since.
        Execute("catalogue.db", "insert into member values('g', 'other', 'tls', (select boot from session), 9e15); update lease set member='other', epoch=epoch+1");
        reader.Consumer.Commit(Tls, 5);

        Assert.Equal(2, ((LocalLogConsumer)reader.Consumer).Position(Tls));
        await reader.UntilAsync(() => reader.Owned.Count == 0, "the loss");
    }

    private void Execute(string file, string sql)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(Path.Combine(Log, file), out sqlite3 db));
        using (db)
        {
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(db, sql));
        }
    }
}
