using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>The reads mean the same over both stores: a made history, filters, and their meaning said a second time.</summary>
public sealed class SearchTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<StoreKind> Kinds => [StoreKind.ClickHouse, StoreKind.Postgres];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_AnyFilter_GivesExactlyTheEventsThatItMeans(StoreKind kind)
    {
        List<Event> history = History.Make(4000, seed: 1);
        await using Store store = await OpenAsync(kind, history);
        var reader = new EventStoreReader(store);
        var random = new Random(2);
        int found = 0;
        for (int round = 0; round < 60; round++)
        {
            EventFilter filter = round == 0 ? EventFilter.All : RandomFilter(random, history);
            string[] expected = [.. history.Where(e => FilterOracle.Matches(filter, e)).Select(Key).Order(StringComparer.Ordinal)];

            List<StoredEvent> actual = await AllAsync(reader, filter, EventOrder.Oldest, null, null);

            Assert.Equal(expected, actual.Select(s => s.Id.ToString()).Order(StringComparer.Ordinal));
            found += expected.Length;
        }

        Assert.InRange(found, 5_000, 500_000);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_Events_ComeBackByteForByte(StoreKind kind)
    {
        List<Event> history = History.Make(1500, seed: 3);
        await using Store store = await OpenAsync(kind, history);
        var expected = history.ToDictionary(Key, e => e.ToByteArray());

        List<StoredEvent> actual = await AllAsync(new EventStoreReader(store), Everything, EventOrder.Newest, null, null);

        Assert.Equal(history.Count, actual.Count);
        Assert.All(actual, s => Assert.Equal(expected[s.Id.ToString()], s.Encoding.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_InPages_GivesEachEventOnceInOneOrder(StoreKind kind)
    {
        List<Event> history = History.Make(900, seed: 4);
        await using Store store = await OpenAsync(kind, history);
        var reader = new EventStoreReader(store);
        foreach (EventOrder order in Enum.GetValues<EventOrder>())
        {
            List<StoredEvent> whole = await AllAsync(reader, Everything, order, null, null);
            var paged = new List<string>();
            EventCursor? after = null;
            while (true)
            {
                List<StoredEvent> page = await AllAsync(reader, Everything, order, after, 37);
                paged.AddRange(page.Select(s => s.Id.ToString()));
                if (page.Count < 37)
                {
                    break;
                }

                Assert.True(EventCursor.TryParse(page[^1].Cursor.ToString(), out EventCursor next));
                after = next;
            }

            Assert.Equal(whole.Select(s => s.Id.ToString()), paged);
            Assert.Equal(history.Count, paged.Distinct().Count());
            long sign = order == EventOrder.Oldest ? 1 : -1;
            Assert.All(whole.Zip(whole.Skip(1)), pair => Assert.True((pair.Second.Time - pair.First.Time) * sign >= 0));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_CommandsAndProcesses_CarryTheirEnds(StoreKind kind)
    {
        Event Make(string topic, ulong sequence, Action<Event> payload)
        {
            var e = new Event
            {
                Run = ByteString.CopyFrom(new byte[16]),
                Topic = topic,
                Sequence = sequence,
                Host = "h",
                Boot = ByteString.CopyFrom(new byte[16]),
                WallNs = History.Begin + sequence,
                Process = new Process { Pid = 7, StartNs = 100 + (sequence / 10) },
            };
            payload(e);
            return e;
        }

        List<Event> history =
        [
            Make("bash", 0, e => e.ShellCommand = new ShellCommand { Command = 1, Text = ByteString.CopyFromUtf8("false") }),
            Make("bash", 1, e => e.ShellCommand = new ShellCommand { Command = 2, Text = ByteString.CopyFromUtf8("sleep 1d") }),
            Make("bash", 2, e => e.ShellResult = new ShellResult { Command = 1, ExitStatus = 1 }),
            Make("zsh", 0, e => e.ShellCommand = new ShellCommand { Command = 1, Text = ByteString.CopyFromUtf8("(exit 5)") }),
            Make("zsh", 1, e => e.ShellResult = new ShellResult { Command = 1, ExitStatus = 5 }),
            Make("process", 0, e => e.ProcessExec = new ProcessExec()),
            Make("process", 1, e => e.ProcessExit = new ProcessExit { ExitStatus = 130 }),
            Make("process", 10, e => e.ProcessExec = new ProcessExec()), // the pid again, another process
        ];
        await using Store store = await OpenAsync(kind, history);

        List<StoredEvent> found = await AllAsync(new EventStoreReader(store), EventFilter.All, EventOrder.Oldest, null, null);

        Assert.Equal(
            ["bash/0/0 1", "bash/0/1 ", "process/0/0 130", "process/0/10 ", "zsh/0/0 5"],
            found.Select(s => $"{s.Id.Topic}/{s.Id.Partition}/{s.Id.Sequence} {s.Result?.ExitStatus}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Status_AfterLoading_CountsEveryTopic(StoreKind kind)
    {
        List<Event> history = [.. History.Make(300, seed: 6).Where(e => e.Topic != "agent")];
        await using Store store = await OpenAsync(kind, history);

        IReadOnlyList<TopicStatus> status = await new EventStoreReader(store).StatusAsync(Cancel);

        foreach (TopicStatus topic in status)
        {
            Event[] events = [.. history.Where(e => e.Topic == topic.Topic)];
            Assert.Equal(events.Length, topic.Rows);
            Assert.Equal(events.Length == 0 ? null : (long)events.Max(e => e.WallNs) / 1000, topic.Last / 1000);
        }

        Assert.Equal(Topics.All, status.Select(s => s.Topic));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Histogram_OfAFilter_CountsEachEventOnceInItsSpan(StoreKind kind)
    {
        List<Event> history = History.Make(1500, seed: 8);
        await using Store store = await OpenAsync(kind, history);
        // Whole microseconds: what one store cannot tell apart is no difference.
        long from = (long)history[200].WallNs / 1000 * 1000;
        long to = (long)history[^200].WallNs / 1000 * 1000;
        long width = (to - from) / 50_000 * 1000;
        EventFilter filter = EventFilter.All with { From = from, To = to, Hosts = ["web1", "db-ü"], IncludeResults = true };

        IReadOnlyList<HistogramBucket> buckets = await new EventStoreReader(store).HistogramAsync(filter, width, Cancel);

        var expected = history.Where(e => (long)e.WallNs >= from && (long)e.WallNs < to && e.Host != "web2")
            .GroupBy(e => (e.Topic, Start: from + (((long)e.WallNs - from) / width * width)))
            .Select(g => new HistogramBucket(g.Key.Topic, g.Key.Start, g.Count())).OrderBy(b => b.Topic, StringComparer.Ordinal).ThenBy(b => b.Start);
        Assert.Equal(expected, buckets.OrderBy(b => b.Topic, StringComparer.Ordinal).ThenBy(b => b.Start));
        Assert.InRange(buckets.Count, 50, 1500);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_GivenUp_LeavesTheStoreUsable(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind, History.Make(6000, seed: 7));
        var reader = new EventStoreReader(store);
        for (int round = 0; round < 40; round++)
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (StoredEvent stored in reader.SearchAsync(Everything, EventOrder.Oldest, null, null, giveUp.Token))
                {
                    await giveUp.CancelAsync();
                }
            });
        }

        Assert.Equal(5, (await AllAsync(reader, Everything, EventOrder.Newest, null, 5)).Count);
    }

    private static EventFilter Everything => EventFilter.All with { Topics = Topics.All, IncludeResults = true };

    private static string Key(Event e) =>
        new EventId(new Guid(e.Run.Span, bigEndian: true), e.Topic, (int)e.Partition, e.Sequence).ToString();

    private static EventFilter RandomFilter(Random random, List<Event> history)
    {
        Event Sample() => history[random.Next(history.Count)];
        bool Sometimes() => random.Next(4) == 0;
        EventFilter filter = EventFilter.All with { IncludeResults = Sometimes() };
        // Whole microseconds: what one store cannot tell apart is no difference.
        long Time() => (long)Sample().WallNs / 1000 * 1000;
        filter = Sometimes() ? filter with { From = Time() } : filter;
        filter = Sometimes() ? filter with { To = Time() } : filter;
        filter = random.Next(2) == 0 ? filter with { Topics = [.. Topics.All.Where(_ => random.Next(2) == 0)] } : filter;
        filter = Sometimes() ? filter with { Hosts = [History.Hosts[random.Next(3)], "nobody"] } : filter;
        filter = Sometimes() ? filter with { Processes = [History.Processes[random.Next(3)], "x' OR '1'='1"] } : filter;
        filter = Sometimes() ? filter with { Pids = [(uint)random.Next(30), (uint)random.Next(30), 5] } : filter;
        filter = Sometimes() ? filter with { Uids = [1, uint.MaxValue] } : filter;
        filter = Sometimes() ? filter with { Connections = [.. history.Where(e => e.Connection != 0 && random.Next(200) == 0).Select(e => e.Connection).Append(3ul)] } : filter;
        filter = Sometimes() ? filter with { Flows = [.. history.Where(e => e.Flow is not null && random.Next(20) == 0).Select(e => e.Flow.Id).Append(9ul)] } : filter;
        filter = Sometimes() ? filter with { Ports = [443, 40_001] } : filter;
        string[] addresses = ["10.0.1.0/24", "fe80::/64", "10.0.0.1", "0.0.0.0/0", "2000::/3", "192.168.0.2/31"];
        filter = Sometimes() ? filter with { Addresses = [Range(addresses[random.Next(addresses.Length)]), Range("172.16.0.0/12")] } : filter;
        string[] texts = ["needle", "'; DROP TABLE tls; --\\", "\t", "größe", "\r\n", "nowhere", "{p0:String}", "$1"];
        return Sometimes() ? filter with { Text = texts[random.Next(texts.Length)] } : filter;
    }

    private static AddressRange Range(string text)
    {
        Assert.True(AddressRange.TryParse(text, out AddressRange? range));
        return range;
    }

    private static async Task<List<StoredEvent>> AllAsync(EventStoreReader reader, EventFilter filter, EventOrder order, EventCursor? after, int? limit)
    {
        var list = new List<StoredEvent>();
        await foreach (StoredEvent stored in reader.SearchAsync(filter, order, after, limit, Cancel))
        {
            list.Add(stored);
        }

        return list;
    }

    private async Task<Store> OpenAsync(StoreKind kind, IEnumerable<Event> events)
    {
        Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, events, Cancel);
        return store;
    }
}
