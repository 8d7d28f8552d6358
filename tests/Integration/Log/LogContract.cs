using System.Text;
using ECapture.Log;

namespace ECapture.Tests.Integration.Log;

/// <summary>What every log must do, whatever stores it.</summary>
public abstract class LogContract
{
    /// <summary>Short names that no other test uses.</summary>
    protected string Topic { get; } = "t" + Guid.NewGuid().ToString("N")[..12];

    protected TopicPartition P0 => new(Topic, 0);

    protected TopicPartition P1 => new(Topic, 1);

    protected abstract Task<ILogWriter> OpenWriterAsync();

    protected abstract Task<ILogConsumer> OpenConsumerAsync(string group, params string[] topics);

    protected abstract Task<ILogReader> OpenReaderAsync();

    /// <summary>Makes a topic known with two partitions.</summary>
    protected abstract Task PrepareAsync(string topic);

    [Fact]
    public async Task Read_BesideConsumers_TheSameRecordsOfTheRangeAndNoMore()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        for (int b = 0; b < 10; b++)
        {
            await AppendAsync(writer, [.. Enumerable.Range(b * 100, 100).Select(i => Entry(i % 2 == 0 ? P0 : P1, $"{i}"))]);
        }

        await using LogReader consumer = new(await OpenConsumerAsync("g", Topic));
        await consumer.UntilAsync(() => consumer.Records.Count >= 1000, "reading all");
        await using ILogReader reader = await OpenReaderAsync();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        (long first, long next) = await reader.GetBoundsAsync(P1, cancel);
        List<string> read = [];
        long last = -1;
        await foreach (ReadOnlyMemory<LogRecord> records in reader.ReadAsync(P1, first + 100, first + 400, cancel))
        {
            foreach (LogRecord record in records.ToArray())
            {
                read.Add(Encoding.UTF8.GetString(record.Value.Span));
                Assert.True(record.Offset > last, $"{record.Offset} after {last}");
                last = record.Offset;
            }
        }

        Assert.Equal(500, next - first);
        Assert.Contains(P1, await reader.PartitionsAsync(cancel));
        Assert.Equal(ValuesOf(consumer, P1).Skip(100).Take(300), read);
    }

    [Fact]
    public async Task Receive_AfterAppend_SameBytesInOrder()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        byte[] binary = [0, 255, 10, 13, 0x80, 0];
        byte[] large = new byte[LogLimits.MaxRecordBytes - 8];
        Random.Shared.NextBytes(large);
        await AppendAsync(writer, [new(P0, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, binary), new(P0, default, "x"u8.ToArray())]);
        await AppendAsync(writer, [new(P0, new byte[8], large), new(P0, new byte[8], "last"u8.ToArray())]);

        await using LogReader reader = new(await OpenConsumerAsync("g", Topic));
        await reader.UntilAsync(() => reader.Records.Count >= 4, "reading four records");

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], reader.Records[0].Key);
        Assert.Equal(binary, reader.Records[0].Value);
        Assert.Empty(reader.Records[1].Key);
        Assert.True(large.AsSpan().SequenceEqual(reader.Records[2].Value));
        Assert.Equal("last"u8.ToArray(), reader.Records[3].Value);
        AssertRising(reader);
    }

    [Fact]
    public async Task Receive_ManyBatchesOfTwoPartitions_EachPartitionWholeAndInOrder()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await using LogReader reader = new(await OpenConsumerAsync("g", Topic));
        const int Batches = 20, Size = 500;
        for (int b = 0; b < Batches; b++)
        {
            await AppendAsync(writer, [.. Enumerable.Range(b * Size, Size).Select(i => Entry(i % 2 == 0 ? P0 : P1, $"{i}"))]);
        }

        await reader.UntilAsync(() => reader.Records.Count >= Batches * Size, "reading all");

        Assert.Equal(Enumerable.Range(0, Batches * Size).Where(i => i % 2 == 0).Select(i => $"{i}"), ValuesOf(reader, P0));
        Assert.Equal(Enumerable.Range(0, Batches * Size).Where(i => i % 2 == 1).Select(i => $"{i}"), ValuesOf(reader, P1));
        AssertRising(reader);
    }

    [Fact]
    public async Task Receive_BeforeSeek_NoRecords()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, [Entry(P0, "a")]);
        await using LogReader reader = new(await OpenConsumerAsync("g", Topic), _ => null);
        await reader.UntilAsync(() => reader.Owned.Contains(P0), "assignment");

        await reader.ForAsync(TimeSpan.FromMilliseconds(700));
        Assert.Empty(reader.Records);

        reader.Consumer.Seek(P0, 0);
        await reader.UntilAsync(() => reader.Records.Count == 1, "reading after the seek");
    }

    [Fact]
    public async Task Seek_ToAnOffset_GoesOnThere()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 10);
        await using LogReader first = new(await OpenConsumerAsync("g1", Topic));
        await first.UntilAsync(() => first.Records.Count == 10, "reading ten");
        long sixth = first.Records[6].Offset;

        await using LogReader second = new(await OpenConsumerAsync("g2", Topic), p => p == P0 ? sixth : -1);
        await second.UntilAsync(() => second.Records.Count >= 4, "reading four");
        Assert.Equal(["6", "7", "8", "9"], second.Values);

        second.Consumer.Seek(P0, first.Records[8].Offset);
        await second.UntilAsync(() => second.Records.Count >= 6, "reading two again");
        Assert.Equal(["6", "7", "8", "9", "8", "9"], second.Values);
    }

    [Fact]
    public async Task Seek_Negative_GoesOnAtTheCommit()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 10);
        await using (LogReader first = new(await OpenConsumerAsync("g", Topic)))
        {
            await first.UntilAsync(() => first.Records.Count == 10, "reading ten");
            first.Consumer.Commit(P0, first.Records[7].Offset);
        }

        await using LogReader second = new(await OpenConsumerAsync("g", Topic));
        await second.UntilAsync(() => second.Records.Count >= 3, "reading the rest");
        Assert.Equal(["7", "8", "9"], second.Values);
    }

    [Fact]
    public async Task Groups_TwoOnOneTopic_EachReadsAll()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 5);
        await using LogReader a = new(await OpenConsumerAsync("a", Topic));
        await using LogReader b = new(await OpenConsumerAsync("b", Topic));

        await LogReader.UntilAsync(() => a.Records.Count == 5 && b.Records.Count == 5, "both reading five", a, b);

        Assert.Equal(a.Values, b.Values);
        Assert.Equal(a.Consumer.LogId, b.Consumer.LogId);
        Assert.NotEmpty(a.Consumer.LogId);
    }

    [Fact]
    public async Task Members_OneJoinsAndLeaves_PartitionsAreSharedAndHandedOver()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, [Entry(P0, "0"), Entry(P1, "1")]);
        await using LogReader first = new(await OpenConsumerAsync("g", Topic));
        await first.UntilAsync(() => first.Owned.Count == 2 && first.Records.Count == 2, "one member owning both");
        foreach ((TopicPartition partition, long offset, _, _) in first.Records)
        {
            first.Consumer.Commit(partition, offset + 1);
        }

        LogReader second = new(await OpenConsumerAsync("g", Topic));

        // A member learns of its revocations one by one, so for a moment both may believe that they own a partition: the store's protocol fences that.
        await LogReader.UntilAsync(
            () => first.Owned.Count == 1 && second.Owned.Count == 1 && !first.Owned.Intersect(second.Owned).Any(), "two members owning one each", first, second);

        await AppendAsync(writer, [Entry(P0, "2"), Entry(P1, "3")]);
        await LogReader.UntilAsync(
            () => first.Values.Concat(second.Values).Distinct().Count() == 4 && second.Records.Count > 0, "both reading", first, second);
        await second.DisposeAsync();
        await first.UntilAsync(() => first.Owned.Count == 2, "the first owning both again");

        await AppendAsync(writer, [Entry(P0, "4"), Entry(P1, "5")]);
        await first.UntilAsync(() => first.Values.Contains("4") && first.Values.Contains("5"), "reading on");
    }

    [Fact]
    public async Task Pause_ThenResume_NothingMissingNothingTwice()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 3);
        await using LogReader reader = new(await OpenConsumerAsync("g", Topic));
        await reader.UntilAsync(() => reader.Records.Count == 3, "reading three");

        reader.Consumer.Pause(P0);
        await AppendAsync(writer, P0, 3, 3);
        await AppendAsync(writer, [Entry(P1, "other")]);
        await reader.UntilAsync(() => reader.Values.Contains("other"), "the other partition going on");
        await reader.ForAsync(TimeSpan.FromMilliseconds(500));
        Assert.Equal(["0", "1", "2"], ValuesOf(reader, P0));

        reader.Consumer.Resume(P0);
        await reader.UntilAsync(() => ValuesOf(reader, P0).Count >= 6, "reading on");
        Assert.Equal(["0", "1", "2", "3", "4", "5"], ValuesOf(reader, P0));
    }

    // As a sink does whose store is at times slower than the log: a partition is paused between any two deliveries, and others go on.
    [Fact]
    public async Task Pause_AgainAndAgainBetweenDeliveries_NothingMissingNothingTwice()
    {
        const int Count = 30_000;
        string other = Topic + "other";
        await PrepareAsync(Topic);
        await PrepareAsync(other);
        TopicPartition[] partitions = [P0, P1, new(other, 0), new(other, 1)];
        await using ILogWriter writer = await OpenWriterAsync();
        for (int from = 0; from < Count; from += 1000)
        {
            await AppendAsync(writer, [.. Enumerable.Range(from, 1000).SelectMany(i => partitions.Select(partition => Entry(partition, $"{i}")))]);
        }

        await using LogReader reader = new(await OpenConsumerAsync("g", Topic, other));
        Random random = new(11);
        HashSet<TopicPartition> paused = [];
        await reader.UntilAsync(
            () =>
            {
                foreach (TopicPartition partition in partitions.Where(_ => random.Next(2) == 0))
                {
                    if (paused.Remove(partition))
                    {
                        reader.Consumer.Resume(partition);
                    }
                    else if (paused.Count < 3 && paused.Add(partition))
                    {
                        reader.Consumer.Pause(partition);
                    }
                }

                return partitions.All(partition => reader.Records.FindLast(record => record.Partition == partition).Value is { } last && Encoding.UTF8.GetString(last) == $"{Count - 1}");
            },
            "reading to the end");

        Assert.All(partitions, partition => Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}"), ValuesOf(reader, partition)));
    }

    [Fact]
    public async Task Pause_ThenTakenAwayAndGivenBack_ReadsOn()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, [Entry(P0, "0"), Entry(P1, "1")]);
        await using LogReader first = new(await OpenConsumerAsync("g", Topic));
        await first.UntilAsync(() => first.Owned.Count == 2 && first.Records.Count == 2, "one member owning both");
        first.Consumer.Pause(P0);
        first.Consumer.Pause(P1);
        LogReader second = new(await OpenConsumerAsync("g", Topic));
        await LogReader.UntilAsync(() => first.Owned.Count == 1 && second.Owned.Count == 1, "two members owning one each", first, second);
        TopicPartition handedOver = second.Owned.Single();
        await second.DisposeAsync();
        await first.UntilAsync(() => first.Owned.Count == 2, "the first owning both again");

        await AppendAsync(writer, [Entry(handedOver, "2")]);

        // A partition that is given back is not paused, whatever it was before.
        await first.UntilAsync(() => first.Values.Contains("2"), "reading the partition that was given back");
    }

    [Fact]
    public async Task Bounds_AfterAppends_FirstAndNext()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 7);
        await using LogReader reader = new(await OpenConsumerAsync("g", Topic));
        await reader.UntilAsync(() => reader.Records.Count == 7, "reading seven");

        (long first, long next) = await reader.Consumer.GetBoundsAsync(P0, TestContext.Current.CancellationToken);

        Assert.Equal(reader.Records[0].Offset, first);
        Assert.Equal(reader.Records[^1].Offset + 1, next);
    }

    [Fact]
    public async Task Topic_MadeAfterTheConsumer_IsMet()
    {
        string later = Topic + "late";
        await PrepareAsync(Topic);
        await using LogReader reader = new(await OpenConsumerAsync("g", Topic, later));
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, [Entry(P0, "a")]);
        await reader.UntilAsync(() => reader.Records.Count == 1, "reading the topic that was there");
        reader.Consumer.Commit(P0, reader.Records[0].Offset + 1); // the later topic may bring a rebalance

        await PrepareAsync(later);
        await AppendAsync(writer, [Entry(new TopicPartition(later, 0), "b")]);
        await reader.UntilAsync(() => reader.Records.Count >= 2, "reading the later topic");

        Assert.Equal(["a", "b"], reader.Values);
    }

    protected static LogEntry Entry(TopicPartition partition, string value) => new(partition, new byte[8], Encoding.UTF8.GetBytes(value));

    protected static ValueTask AppendAsync(ILogWriter writer, TopicPartition partition, int from, int count) =>
        AppendAsync(writer, [.. Enumerable.Range(from, count).Select(i => Entry(partition, $"{i}"))]);

    protected static ValueTask AppendAsync(ILogWriter writer, IReadOnlyList<LogEntry> entries) =>
        writer.AppendAsync(entries, TestContext.Current.CancellationToken);

    protected static List<string> ValuesOf(LogReader reader, TopicPartition partition) =>
        [.. reader.Records.Where(r => r.Partition == partition).Select(r => Encoding.UTF8.GetString(r.Value))];

    private static void AssertRising(LogReader reader)
    {
        foreach (IGrouping<TopicPartition, long> offsets in reader.Records.GroupBy(r => r.Partition, r => r.Offset))
        {
            Assert.Equal(offsets.Distinct().Order(), offsets);
        }
    }
}
