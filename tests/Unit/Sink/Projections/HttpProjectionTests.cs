using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Fuzz;
using ECapture.Protocols.Http;
using ECapture.Sink.Delivery;
using ECapture.Sink.Projections;
using ECapture.Storage;
using ECapture.Storage.Tables;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Unit.Sink.Projections;

public sealed class HttpProjectionTests
{
    private static readonly Guid s_run = Guid.CreateVersion7();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Project_KeepAlive_PairsWithStatusTimeAndWhoItWas()
    {
        PlaintextFeed feed = new(s_run);
        Event[] events =
        [
            feed.Next(9, isSent: true, Encoding.ASCII.GetBytes("GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\nX-Id: 7\r\n\r\n")),
            feed.Next(9, isSent: false, Encoding.ASCII.GetBytes("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhel")),
            feed.Next(9, isSent: false, "lo"u8.ToArray()),
        ];

        Event row = Assert.Single(await Projected.RunAsync(events, batchEvents: 1));

        HttpTransaction http = row.HttpExchange;
        Assert.Equal(("GET", "shop.example", "/a?b=c", 404u), (http.Method.ToStringUtf8(), http.Host.ToStringUtf8(), http.Path.ToStringUtf8(), http.Status));
        Assert.Equal((2_000_000ul, 1_000_000ul, 5ul, "text/plain", "hello"), (http.DurationNs, http.FirstByteNs, http.ResponseBytes, http.ResponseType.ToStringUtf8(), http.ResponseBody.ToStringUtf8()));
        Assert.Equal((HttpTransaction.Types.Role.Client, 11u, "tls"), (http.Role, http.Version, http.Topic));
        Assert.Contains(http.RequestHeaders, h => h.Name.ToStringUtf8() == "X-Id" && h.Value.ToStringUtf8() == "7");
        Assert.Empty(http.Problems);
        Assert.Equal((Topics.Http, "web1", 9ul, 7u, events[0].WallNs, events[0].BootNs), (row.Topic, row.Host, row.Connection, row.Process.Pid, row.WallNs, row.BootNs));
        Assert.Equal(ExchangeIds.Sequence(2, 0), row.Sequence);
        Assert.Equal(ExchangeIds.Partition(Topics.Tls, 0), row.Partition);
    }

    [Fact]
    public async Task Project_EveryConversation_TheSameRowsHoweverItIsCutAndWhereverItIsTakenOver()
    {
        PlaintextFeed feed = new(s_run);
        List<Event> events = [];
        Conversation[] conversations = [.. HttpConversations.All.Where(c => !c.StartsInMiddle)];
        for (int step = 0; step < conversations.Max(c => c.Steps.Length); step++)
        {
            for (int i = 0; i < conversations.Length; i++)
            {
                if (step < conversations[i].Steps.Length)
                {
                    (HttpDirection direction, byte[] bytes) = conversations[i].Steps[step];
                    foreach (byte[] piece in bytes.Chunk(700))
                    {
                        events.Add(feed.Next((ulong)i + 1, direction == HttpDirection.Sent, piece));
                    }
                }
            }
        }

        feed.Wait(TimeSpan.FromHours(2)); // what is unfinished is given up
        events.Add(feed.Next(9999, isSent: true, "no HTTP"u8.ToArray()));
        List<Event> whole = await Projected.RunAsync(events, batchEvents: int.MaxValue / 2);
        Assert.True(whole.Count(e => e.HttpExchange is not null) > 20, $"{whole.Count} rows");
        Assert.Contains(whole, e => e.HttpExchange?.Version == 20 && e.HttpExchange.Path.Length > 0);
        Assert.Contains(whole, e => e.WebSocketMessage is not null);
        Assert.Equal(whole.Count, whole.Select(e => (e.Run, e.Partition, e.Sequence)).Distinct().Count());
        Assert.Equal(whole.Select(e => e.Sequence).Order(), whole.Select(e => e.Sequence)); // a stream's ids rise

        for (int at = 1; at < events.Count; at += 3)
        {
            List<Event> cut = await Projected.RunAsync(events, batchEvents: 5 + (at % 4), takenOverAt: at);

            Assert.Equal(whole.Select(e => e.ToString()), cut.Select(e => e.ToString()));
        }
    }

    [Fact]
    public async Task Project_TakenOverWithMorePastThanIsReadAtOnce_ReadsAConnectionsPastWhenItGoesOn()
    {
        PlaintextFeed feed = new(s_run);
        List<Event> events = [feed.Next(1, isSent: true, "GET /one HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray())];
        for (ulong other = 2; other < 40; other++)
        {
            events.Add(feed.Next(other, isSent: true, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray()));
        }

        int taken = events.Count;
        events.Add(feed.Next(1, isSent: false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray()));

        Event row = Assert.Single(await Projected.RunAsync(events, batchEvents: 10, takenOverAt: taken, mostEvents: 5));

        Assert.Equal(("/one", 200u), (row.HttpExchange.Path.ToStringUtf8(), row.HttpExchange.Status));
        Assert.Empty(row.HttpExchange.Problems);
    }

    [Fact]
    public async Task Project_ResponseThatLastsUntilTheConnectionEnds_IsHandedOverWhenItWasSilentForAMinute()
    {
        PlaintextFeed feed = new(s_run);
        List<Event> events =
        [
            feed.Next(1, isSent: true, "GET / HTTP/1.0\r\n\r\n"u8.ToArray()),
            feed.Next(1, isSent: false, "HTTP/1.0 200 OK\r\n\r\npart"u8.ToArray()),
            feed.Next(2, isSent: true, "x"u8.ToArray()),
        ];
        Assert.Empty(await Projected.RunAsync(events, 10));
        feed.Wait(HttpStream.MaxSilence + TimeSpan.FromSeconds(1));
        events.Add(feed.Next(2, isSent: true, "y"u8.ToArray()));

        Event row = Assert.Single(await Projected.RunAsync(events, 10));

        Assert.Equal((200u, 4ul), (row.HttpExchange.Status, row.HttpExchange.ResponseBytes));
        Assert.Equal(ExchangeIds.Sequence(3, 0), row.Sequence); // of the event that the time was seen from
        Assert.Equal(events[0].WallNs, row.WallNs);
    }

    [Fact]
    public async Task Project_MoreConnectionsThanAreKept_KeepsTheOnesThatSpeak()
    {
        PlaintextFeed feed = new(s_run);
        List<Event> events = [feed.Next(1, isSent: true, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray())];
        for (ulong i = 0; i < HttpStream.MaxConnections + 50; i++)
        {
            events.Add(feed.Next(100 + i, isSent: true, "GET /silent HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray()));
            if (i % 1000 == 0)
            {
                events.Add(feed.Next(1, isSent: false, "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray()));
            }
        }

        events.Add(feed.Next(1, isSent: false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray()));

        List<Event> rows = await Projected.RunAsync(events, 1000);

        Assert.Equal("/kept", rows[^1].HttpExchange.Path.ToStringUtf8());
        Assert.Equal(51, rows.Count - 1); // given up
        Assert.All(rows.SkipLast(1), e => Assert.Contains("response_missing", e.HttpExchange.Problems));
    }

    [Fact]
    public async Task Write_StoreAwayAndBack_WritesTheSameRowsOnce()
    {
        PlaintextFeed feed = new(s_run);
        Event[] events =
        [
            feed.Next(1, isSent: true, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray()),
            feed.Next(1, isSent: false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray()),
            feed.Next(1, isSent: true, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray()),
            feed.Next(1, isSent: false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray()),
        ];
        using ProjectionMetrics metrics = new();
        KeptHistory history = new(events) { Failures = 1 };
        FailingDelivery store = new() { Failures = 2 };
        HttpDelivery delivery = new(store, history, metrics);
        ResumePoint point = await delivery.LoadAsync(Projected.Partition, Cancel);
        Assert.Equal(new StreamPosition(new StreamKey(1, 0), 5, 3), Assert.Single(point.Positions));
        Batch batch = Fill(delivery, BufferPool.None, events[3..]);
        Plan plan = new(3, 4, [], IsReplay: false);

        for (int attempt = 0; attempt < 3; attempt++)
        {
            await Assert.ThrowsAsync<StoreException>(() => delivery.WriteAsync(Projected.Partition, plan, batch, Cancel));
        }

        Assert.Null((await delivery.WriteAsync(Projected.Partition, plan, batch, Cancel)).Superseded);
        KeptRows rows = Assert.IsType<KeptRows>(store.Written);
        Assert.Equal("/2", Assert.Single(rows.Events).HttpExchange.Path.ToStringUtf8()); // "/1" was stored before
        Assert.Equal(0, rows.Account.Count);
        Assert.Equal("http/tls", store.Partition.Topic);
        Assert.All(history.Waited, w => Assert.Equal(3, w.Offset));
    }

    [Theory]
    [InlineData("tls", 0, 0)]
    [InlineData("nss", 4095, 123_456_789)]
    public void Ids_OfAStore_LeadBackToThePlaintext(string topic, uint partition, ulong sequence)
    {
        StreamKey derived = new(77, ExchangeIds.Partition(topic, partition));

        StreamPosition found = Assert.Single(ExchangeIds.OfSource([new StreamPosition(derived, ExchangeIds.Sequence(sequence, 4095), 9)]));

        Assert.Equal(new StreamPosition(new StreamKey(77, partition), sequence, 9), found);
        Assert.True(derived.Partition <= ushort.MaxValue);
    }

    private static Batch Fill(HttpDelivery delivery, BufferPool pool, IEnumerable<Event> events)
    {
        Batch batch = delivery.CreateBatch(EventTable.Of(Topics.Tls)!, pool);
        foreach (Event e in events)
        {
            byte[] encoded = Google.Protobuf.MessageExtensions.ToByteArray(e);
            Assert.True(EventReader.TryRead(encoded, out EventFields fields));
            batch.Add(new EventRow(encoded, ref fields, 0, (long)e.Sequence), new StreamKey(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(e.Run.Span), 0));
        }

        return batch;
    }

    private sealed class FailingDelivery : IDelivery
    {
        public int Failures { get; set; }

        public Batch? Written { get; private set; }

        public PartitionId Partition { get; private set; }

        public Batch CreateBatch(EventTable table, BufferPool pool)
        {
            Assert.Equal(Topics.Http, table.Name);
            return new KeptRows();
        }

        public Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) =>
            Task.FromResult(new ResumePoint(3, null, [new StreamPosition(new StreamKey(1, ExchangeIds.Partition(Topics.Tls, 0)), ExchangeIds.Sequence(5, 2), 3)]));

        public Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
        {
            Partition = partition;
            if (Failures-- > 0)
            {
                throw new StoreException("away", isTransient: true);
            }

            Written = batch;
            return Task.FromResult(WriteOutcome.Stored);
        }
    }
}
