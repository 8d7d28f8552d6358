using System.Security.Cryptography;
using ECapture.Capture;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Capture.Publishing;

public sealed class EventPublisherTests
{
    [Fact]
    public async Task Publish_AnyPayload_EncodedAsGeneratedCodeDoes()
    {
        await using PublisherFixture fixture = new();
        EventHeader header = PublisherFixture.Header();
        header.Connection = 0xabcdef0123456789;
        header.Socket = PublisherFixture.Tuple([10, 0, 0, 1], 40000, [10, 0, 0, 2], 443);
        byte[] data = RandomNumberGenerator.GetBytes(3000);
        Event statement = new() { SqlStatement = new SqlStatement { System = "postgresql", Statement = ByteString.CopyFromUtf8("select 1"), Rows = 0 } };
        Event[] expected =
        [
            Expected(fixture, header, Topics.Tls, 0, new Event { TlsData = new TlsData { Direction = Direction.Sent, Library = "openssl", Offset = 300, Data = ByteString.CopyFrom(data) } }),
            Expected(fixture, header, Topics.Packet, 0, new Event { Packet = new Packet { Interface = "eth0", InterfaceIndex = 2, Direction = Direction.Received, LinkType = 1, OriginalLength = 3000, Data = ByteString.CopyFrom(data) } }),
            Expected(fixture, header, Topics.Postgres, 0, statement.Clone()),
            Expected(fixture, header, Topics.Tls, 1, new Event { TlsData = new TlsData() }),
        ];

        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "openssl", 300, data);
        fixture.Publisher.PublishPacket(header, Direction.Received, "eth0", 2, 1, 3000, data);
        fixture.Publisher.Publish(Topics.Postgres, header, statement);
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Unspecified, "", 0, []);
        fixture.Drain();

        Assert.Equal(expected.Select(e => e.ToByteArray()), fixture.Log.Encoded);
    }

    [Fact]
    public async Task Publish_NothingKnown_FieldsAbsent()
    {
        await using PublisherFixture fixture = new();
        fixture.Publisher.Publish(Topics.Agent, new EventHeader { BootNs = 1 }, new Event { AgentState = new AgentState() });
        fixture.Drain();

        Event read = Assert.Single(fixture.Log.Events);
        Assert.Null(read.Process);
        Assert.Null(read.Flow);
        Assert.Null(read.Truncation);
        Assert.Equal(0UL, read.Connection);
        Assert.Equal(read.ToByteArray(), fixture.Log.Encoded[0]);
    }

    [Fact]
    public async Task Publish_IPv6Flow_SixteenByteAddresses()
    {
        await using PublisherFixture fixture = new();
        byte[] local = RandomNumberGenerator.GetBytes(16);
        byte[] remote = RandomNumberGenerator.GetBytes(16);
        EventHeader header = PublisherFixture.Header();
        header.Socket = PublisherFixture.Tuple(local, 1, remote, 2);
        header.Socket.Family = 10;
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "go", 0, "x"u8);
        header.Socket = header.Socket.Reversed();
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "go", 0, "x"u8);
        fixture.Drain();

        Flow flow = fixture.Log.Events[0].Flow;
        Assert.Equal(local, flow.LocalAddress.ToByteArray());
        Assert.Equal(remote, flow.RemoteAddress.ToByteArray());
        Assert.Equal(CommunityId.FlowId(local, 1, remote, 2, 6), flow.Id);
        Assert.Equal(flow.Id, fixture.Log.Events[1].Flow.Id);
    }

    [Fact]
    public async Task Publish_PayloadAboveLimit_CutWithLengthAndDigestOfAll()
    {
        await using PublisherFixture fixture = new(new CaptureOptions { PayloadLimit = 10 });
        byte[] data = RandomNumberGenerator.GetBytes(25);
        EventHeader header = PublisherFixture.Header();
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "openssl", 0, data);
        fixture.Publisher.Publish(Topics.Bash, header, new Event { ShellCommand = new ShellCommand { Text = ByteString.CopyFrom(data) } });
        fixture.Drain();

        Assert.All(fixture.Log.Events, e => Assert.Equal(25UL, e.Truncation.Length));
        Assert.All(fixture.Log.Events, e => Assert.Equal(SHA256.HashData(data), e.Truncation.Sha256.ToByteArray()));
        Assert.Equal(data[..10], fixture.Log.Events[0].TlsData.Data.ToByteArray());
        Assert.Equal(data[..10], fixture.Log.Events[1].ShellCommand.Text.ToByteArray());
    }

    [Fact]
    public async Task Publish_ReceivedCut_LengthWithoutDigest()
    {
        await using PublisherFixture fixture = new();
        EventHeader header = PublisherFixture.Header();
        header.OriginalLength = 100;
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "openssl", 0, "cut"u8);
        fixture.Drain();

        Event read = Assert.Single(fixture.Log.Events);
        Assert.Equal(100UL, read.Truncation.Length);
        Assert.True(read.Truncation.Sha256.IsEmpty);
    }

    [Fact]
    public async Task Publish_ManyBatches_SequencesContiguousPerTopic()
    {
        await using PublisherFixture fixture = new();
        byte[] data = new byte[50_000];
        for (int i = 0; i < 100; i++)
        {
            fixture.Publisher.PublishTlsData(Topics.Tls, PublisherFixture.Header(), Direction.Sent, "openssl", (ulong)i, data);
            fixture.Publisher.PublishPacket(PublisherFixture.Header(), Direction.Sent, "lo", 1, 1, 50_000, data);
        }

        // Larger than a batch.
        fixture.Publisher.PublishTlsData(Topics.Tls, PublisherFixture.Header(), Direction.Sent, "openssl", 100, new byte[1_040_000]);
        fixture.Drain();

        Assert.True(fixture.Log.Batches > 5, $"{fixture.Log.Batches} batches");
        Event[] tls = [.. fixture.Log.Events.Where(e => e.Topic == Topics.Tls)];
        Assert.Equal(Enumerable.Range(0, 101).Select(i => (ulong)i), tls.Select(e => e.Sequence));
        Assert.Equal(tls.Select(e => e.Sequence), tls.Select(e => e.TlsData.Offset));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (ulong)i), fixture.Log.Events.Where(e => e.Topic == Topics.Packet).Select(e => e.Sequence));
    }

    [Fact]
    public async Task Append_Refused_SequencesTakenBackAndLossDeclaredOnce()
    {
        await using PublisherFixture fixture = new();
        bool refuse = false;
        fixture.Log.BeforeAppend = _ => refuse ? throw new LogException("the disk is full", isTransient: false) : ValueTask.CompletedTask;
        Send(fixture, 3);
        fixture.Drain();
        refuse = true;
        Send(fixture, 4);
        fixture.Drain();
        fixture.Publisher.PublishLosses(); // refused, too: counted again
        fixture.Drain();
        refuse = false;
        Send(fixture, 2);
        fixture.Publisher.PublishLosses();
        fixture.Drain();
        fixture.Publisher.PublishLosses();
        fixture.Drain();

        Event[] sent = [.. fixture.Log.Events.Where(e => e.TlsData is not null)];
        Assert.Equal([0UL, 1, 2, 3, 4], sent.Select(e => e.Sequence));
        Event loss = Assert.Single(fixture.Log.Events, e => e.Loss is not null);
        Assert.Equal(("log", "the disk is full", 4UL), (loss.Loss.Where, loss.Loss.Why, loss.Loss.Records));
        Assert.Equal(0UL, loss.Sequence);
    }

    [Fact]
    public async Task Append_TransientFailure_TriedAgainWithTheSameBytes()
    {
        await using PublisherFixture fixture = new(retryLimit: TimeSpan.FromMinutes(1));
        List<byte[]> tried = [];
        fixture.Log.BeforeAppend = entries =>
        {
            tried.Add(entries[0].Value.ToArray());
            return tried.Count < 3 ? throw new LogException("busy", isTransient: true) : ValueTask.CompletedTask;
        };
        Send(fixture, 2);
        fixture.Drain();

        Assert.Equal(3, tried.Count);
        Assert.All(tried, t => Assert.Equal(tried[0], t));
        Assert.Equal([0UL, 1], fixture.Log.Events.Select(e => e.Sequence));
        Assert.Empty(fixture.Losses.Take());
    }

    [Fact]
    public async Task Publish_LogStandsStill_MemoryBoundedAndLossCounted()
    {
        const int Limit = 8 << 20;
        await using PublisherFixture fixture = new(new CaptureOptions { QueueLimit = Limit });
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Log.BeforeAppend = async _ => await goOn.Task;
        byte[] data = new byte[10_000];
        const int Sent = 2000;
        for (int i = 0; i < Sent; i++)
        {
            fixture.Publisher.PublishTlsData(Topics.Tls, PublisherFixture.Header(), Direction.Sent, "openssl", 0, data);
        }

        // A flood of plaintext leaves room for the rest.
        fixture.Publisher.Publish(Topics.Secret, PublisherFixture.Header(), new Event { TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM" } });
        goOn.SetResult();
        fixture.Drain();

        int kept = fixture.Log.Events.Count(e => e.Topic == Topics.Tls);
        Assert.InRange(kept * data.Length, Limit / 2, Limit);
        Assert.Single(fixture.Log.Events, e => e.TlsSecret is not null);
        LossEntry loss = Assert.Single(fixture.Losses.Take());
        Assert.Equal(("queue:tls", (ulong)(Sent - kept)), (loss.Where, loss.Records));
        Assert.Equal(Enumerable.Range(0, kept).Select(i => (ulong)i), fixture.Log.Events.Where(e => e.Topic == Topics.Tls).Select(e => e.Sequence));
    }

    [Fact]
    public async Task PublishCheckpoint_AfterEvents_LastCountAndRunningDigestOfEachStream()
    {
        await using PublisherFixture fixture = new();
        Send(fixture, 5);
        fixture.Drain();
        fixture.Publisher.PublishCheckpoint([new Checkpoint.Types.Probes { Module = "tls", Hits = 5, Published = 5 }]);
        fixture.Drain();

        Assert.Equal(5UL, Assert.Single(fixture.Log.Events[^1].Checkpoint.Probes).Hits);
        Checkpoint.Types.Stream stream = Assert.Single(fixture.Log.Events[^1].Checkpoint.Streams);
        Assert.Equal((Topics.Tls, 4UL, 5UL), (stream.Topic, stream.LastSequence, stream.Count));
        byte[] digest = new byte[32];
        foreach (byte[] each in fixture.Log.Encoded.Take(5))
        {
            digest = SHA256.HashData([.. digest, .. each]);
        }

        Assert.Equal(digest, stream.Sha256.ToByteArray());
    }

    [Fact]
    public async Task PublishTlsData_ManyEvents_AllocatesNothingPerEvent()
    {
        await using PublisherFixture fixture = new(new CaptureOptions { QueueLimit = 64 << 20 });
        EventHeader header = PublisherFixture.Header();
        header.Socket = PublisherFixture.Tuple([10, 0, 0, 1], 40000, [10, 0, 0, 2], 443);
        byte[] data = new byte[100];
        fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "openssl", 0, data);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Events = 1000; // all in one batch
        for (int i = 0; i < Events; i++)
        {
            fixture.Publisher.PublishTlsData(Topics.Tls, header, Direction.Sent, "openssl", (ulong)i, data);
        }

        long perEvent = (GC.GetAllocatedBytesForCurrentThread() - before) / Events;
        Assert.True(perEvent < 120, $"{perEvent} bytes per event"); // the growth of the batch's list of entries
        fixture.Drain();
    }

    [Fact]
    public async Task Publish_UnknownTopic_Refused()
    {
        await using PublisherFixture fixture = new();
        Assert.Throws<ArgumentException>(() => fixture.Publisher.Publish("nope", PublisherFixture.Header(), new Event()));
    }

    private static void Send(PublisherFixture fixture, int count)
    {
        for (int i = 0; i < count; i++)
        {
            fixture.Publisher.PublishTlsData(Topics.Tls, PublisherFixture.Header(), Direction.Sent, "openssl", 0, "data"u8);
        }
    }

    private static Event Expected(PublisherFixture fixture, in EventHeader header, string topic, ulong sequence, Event payload)
    {
        byte[] id = new byte[16];
        fixture.Identity.Run.TryWriteBytes(id, bigEndian: true, out _);
        byte[] boot = new byte[16];
        fixture.Identity.Boot.TryWriteBytes(boot, bigEndian: true, out _);
        payload.Run = ByteString.CopyFrom(id);
        payload.Topic = topic;
        payload.Sequence = sequence;
        payload.Schema = 1;
        payload.Tenant = "t";
        payload.Host = "h";
        payload.Boot = ByteString.CopyFrom(boot);
        payload.BootNs = header.BootNs;
        payload.WallNs = header.BootNs + 1_700_000_000_000_000_000;
        payload.Process = new Process { Pid = 7, StartNs = 99, Name = ByteString.CopyFromUtf8("curl"), Uid = 1000, Tid = 8 };
        payload.Connection = header.Connection;
        payload.Flow = new Flow
        {
            LocalAddress = ByteString.CopyFrom(10, 0, 0, 1),
            LocalPort = 40000,
            RemoteAddress = ByteString.CopyFrom(10, 0, 0, 2),
            RemotePort = 443,
            Protocol = 6,
            NetworkNamespace = 4026531840,
            Id = CommunityId.FlowId([10, 0, 0, 1], 40000, [10, 0, 0, 2], 443, 6),
        };
        return payload;
    }
}
