using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support;

namespace ECapture.Tests.Integration.Log;

/// <summary>Size, retention, and what happens at the limit.</summary>
public sealed class LocalLogBoundsTests : LocalLogTestBase
{
    [Fact]
    public async Task Append_FullAndAGroupBehind_RefusedWholeThenTakenWhenTheGroupHasRead()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await using LogReader reader = Reader("g");
        int appended = await FillAsync(writer);
        Assert.InRange(writer.Bytes, Small.MaxBytes / 2, Small.MaxBytes + (256 << 10));
        Assert.Empty(writer.TakeDropped());

        await reader.UntilAsync(() => reader.Records.Count == appended, "reading what was appended");
        Assert.Equal(Enumerable.Range(0, appended).Select(i => (long)i), Numbers(reader)); // nothing of the refused batch
        reader.Consumer.Commit(Tls, appended);
        await AppendAsync(writer, appended, 10, padding: 1000);
        await reader.UntilAsync(() => reader.Records.Count == appended + 10, "reading on");

        Assert.Equal(appended, reader.Records[appended].Offset);
        Assert.InRange(SegmentFiles().Length, 1, 3);
    }

    [Fact]
    public async Task Append_FullAndNoGroup_Refused()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        int appended = await FillAsync(writer);

        await using LogReader late = Reader("late");
        await late.UntilAsync(() => late.Records.Count == appended, "a late group reading everything");
    }

    [Fact]
    public async Task Append_FullWithDropOldest_DroppedRangesSayExactlyWhatTheReaderMisses()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small with { WhenFull = LogFullAction.DropOldest });
        await AppendAsync(writer, 0, 10, padding: 1000);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 10, "reading the first ten");
        reader.Consumer.Commit(Tls, 10);
        reader.Consumer.Pause(Tls);
        const int Total = 6000;
        List<DroppedRange> dropped = [];
        for (int i = 10; i < Total; i += 10)
        {
            await AppendAsync(writer, i, 10, padding: 1000);
            dropped.AddRange(writer.TakeDropped());
        }

        reader.Consumer.Resume(Tls);
        await reader.UntilAsync(() => Number(reader.Records[^1].Value) == Total - 1, "reading to the end");

        Assert.NotEmpty(dropped);
        Assert.All(dropped, d => Assert.Equal(Tls, d.Partition));
        Assert.Equal(10, dropped[0].FirstOffset); // what was read is not lost
        Assert.Equal(dropped.Skip(1).Select(d => d.FirstOffset), dropped.SkipLast(1).Select(d => d.NextOffset));
        long[] missing = [.. Enumerable.Range(0, Total).Select(i => (long)i).Except(Numbers(reader))];
        Assert.Equal(missing, dropped.SelectMany(d => Enumerable.Range((int)d.FirstOffset, (int)d.Records).Select(i => (long)i)));
    }

    [Fact]
    public async Task Append_TwoGroups_SegmentsStayForTheSlowerOne()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await using LogReader fast = Reader("fast");
        await using LogReader slow = Reader("slow");
        int appended = await FillAsync(writer);
        await fast.UntilAsync(() => fast.Records.Count == appended, "the fast group reading all");
        fast.Consumer.Commit(Tls, appended);

        LogException refused = await Assert.ThrowsAsync<LogException>(() => AppendAsync(writer, 0, 100, padding: 1000).AsTask());
        Assert.True(refused.IsTransient);
        await slow.UntilAsync(() => slow.Records.Count == appended, "the slow group reading all");
        slow.Consumer.Commit(Tls, appended);
        await AppendAsync(writer, appended, 10, padding: 1000);
    }

    [Fact]
    public async Task Append_SegmentOld_NextOneBegins()
    {
        SteppedTime time = new();
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small with { SegmentAge = TimeSpan.FromSeconds(60), Clock = time });
        await AppendAsync(writer, 0, 1);
        time.Advance(TimeSpan.FromSeconds(59));
        await AppendAsync(writer, 1, 1);
        Assert.Single(SegmentFiles());
        time.Advance(TimeSpan.FromSeconds(1));
        await AppendAsync(writer, 2, 1);

        Assert.Equal(2, SegmentFiles().Length);
    }

    [Fact]
    public async Task Append_PartitionsMetInOldSegments_ReadFromTheirFirstRecord()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await using LogReader reader = Reader("g", "tls", "packet");
        await AppendAsync(writer, 0, 10, padding: 1000);
        await reader.UntilAsync(() => reader.Records.Count == 10, "reading the first ten");

        // The reader does not look between: it meets the partition when its first segment is closed already.
        await writer.AppendAsync([Entry(Packet, 7)], Cancelled);
        for (int i = 1; i < 80; i++)
        {
            await AppendAsync(writer, i * 10, 10, padding: 1000);
        }

        await writer.AppendAsync([Entry(Packet, 8)], Cancelled);
        await reader.UntilAsync(() => reader.Records.Count == 802, "reading everything");
        Assert.Equal([7, 8], reader.Records.Where(r => r.Partition == Packet).Select(r => Number(r.Value)));
    }

    [Fact]
    public async Task Append_RecordTooLarge_RefusedByName()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(
            () => writer.AppendAsync([new LogEntry(Tls, default, new byte[LogLimits.MaxRecordBytes + 1])], Cancelled).AsTask());
        Assert.Contains("950000", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_RecordAppended_ComesSoon()
    {
        await using LocalLogWriter writer = LocalLog.OpenWriter(Log, Small);
        await AppendAsync(writer, 0, 1);
        await using LogReader reader = Reader("g");
        await reader.UntilAsync(() => reader.Records.Count == 1, "reading the first");
        List<double> times = [];
        for (int i = 1; i <= 20; i++)
        {
            Task append = Task.Run(async () =>
            {
                await Task.Delay(30, Cancelled);
                await writer.AppendAsync([new LogEntry(Tls, default, BitConverter.GetBytes(System.Diagnostics.Stopwatch.GetTimestamp()))], Cancelled);
            }, Cancelled);
            int expected = i + 1;
            await reader.UntilAsync(() => reader.Records.Count == expected, "reading the next");
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(BitConverter.ToInt64(reader.Records[^1].Value)).TotalMilliseconds);
            await append;
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"append to receive: median {times[10]:0.0} ms, longest {times[^1]:0.0} ms");
        Assert.InRange(times[10], 0, 900); // the poll is 20 ms, the next slower one a second
    }

    // Appends until the log refuses; returns how many records it took.
    private static async Task<int> FillAsync(LocalLogWriter writer)
    {
        for (int appended = 0; ; appended += 10)
        {
            try
            {
                await AppendAsync(writer, appended, 10, padding: 1000);
            }
            catch (LogException e)
            {
                Assert.True(e.IsTransient);
                Assert.Contains("is full", e.Message, StringComparison.Ordinal);
                return appended;
            }

            Assert.InRange(appended, 0, 5000);
        }
    }
}
