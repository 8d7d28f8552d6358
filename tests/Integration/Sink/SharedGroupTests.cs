using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Kafka;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink;

/// <summary>Sinks of one Kafka group: they share partitions; one that joins, dies or leaves loses and doubles nothing.</summary>
public sealed class SharedGroupTests(StoresFixture stores)
{
    private const int Memory = 16 << 20;
    private const int PartitionsOfATopic = 3;
    private const int Partitions = 2 * PartitionsOfATopic;
    private const string Both = Topics.Tls + "," + Topics.Postgres;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_SinksJoinDieAndLeave_StoreEachEventOnce(StoreKind kind)
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync(PartitionsOfATopic);
        StoreAddress store = await stores.CreateDatabaseAsync(kind, Cancel);
        string log = broker.Address.Replace("session.timeout.ms=6000", "session.timeout.ms=2000", StringComparison.Ordinal); // the dead are noticed soon
        await using Feed feed = new(LogAddress.Parse(broker.Address));
        await feed.MakeTopicsAsync();
        await feed.AppendAsync(200);
        feed.Begin();

        await using SinkMember one = Start();
        await using SinkMember two = Start();
        await OwnAsync(Partitions, one, two);
        await using SinkMember three = Start();
        await OwnAsync(Partitions, one, two, three);
        await one.KillAsync();
        await OwnAsync(Partitions, two, three);
        await two.DisposeAsync();
        await OwnAsync(Partitions, three);
        await using SinkMember four = Start();
        await OwnAsync(Partitions, three, four);
        await feed.EndAsync();

        List<StoredEvent> stored = await ReadAsync(store, feed.Expected.Count);
        SinkAssert.Same(feed.Expected, stored);

        SinkMember Start() => SinkMember.Start(log, store.Text, "shared", Both, Memory);
    }

    // Each of them owns something, and together they own everything.
    private static async Task OwnAsync(int partitions, params SinkMember[] sinks)
    {
        string all = $"{sinks.Length} sinks own {partitions} partitions";
        await sinks[0].WaitAsync(_ => sinks.All(sink => sink.Last.Owned > 0) && sinks.Sum(sink => sink.Last.Owned) == partitions, all, Cancel);
    }

    private static async Task<List<StoredEvent>> ReadAsync(StoreAddress address, int events)
    {
        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Reader, Cancel);
        long until = Environment.TickCount64 + 60_000;
        while (true)
        {
            List<StoredEvent> stored = await StoredEvents.ReadAsync(store, Cancel);
            if (stored.Count >= events || Environment.TickCount64 > until)
            {
                return stored;
            }

            await Task.Delay(200, Cancel);
        }
    }

    /// <summary>Three agents, each in a partition of its own of both topics, that go on while the sinks come and go.</summary>
    private sealed class Feed(LogAddress address) : IAsyncDisposable
    {
        private readonly EventFeed[] _agents = [new EventFeed(seed: 41), new EventFeed(seed: 42), new EventFeed(seed: 43)];
        private readonly KafkaLogWriter _writer = KafkaLog.OpenWriter(address);
        private readonly CancellationTokenSource _stop = new();
        private Task _run = Task.CompletedTask;

        public IReadOnlyCollection<StoredEvent> Expected => [.. _agents.SelectMany(agent => agent.Expected)];

        // A broker that makes a topic on its first record may refuse that one.
        public async Task MakeTopicsAsync()
        {
            foreach (string topic in Both.Split(','))
            {
                await _writer.GetPartitionsAsync(topic, Cancel);
            }
        }

        public void Begin() => _run = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                await AppendAsync(20);
                await Task.Delay(40);
            }
        });

        public async Task EndAsync()
        {
            await _stop.CancelAsync();
            await _run;
        }

        public async Task AppendAsync(int events)
        {
            List<LogEntry> entries = [];
            for (int i = 0; i < events; i++)
            {
                int agent = i % _agents.Length;
                LogEntry entry = _agents[agent].Next(i % 4 < 2 ? Topics.Tls : Topics.Postgres);
                entries.Add(entry with { TopicPartition = entry.TopicPartition with { Partition = agent } });
            }

            await _writer.AppendAsync(entries, CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            await _writer.DisposeAsync();
            _stop.Dispose();
        }
    }
}
