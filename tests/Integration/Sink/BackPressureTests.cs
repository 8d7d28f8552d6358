using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Storage;
using ECapture.Tests.Integration.Log;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Network;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink;

/// <summary>A store that is away while its log holds far more than the sink may: the sink stops reading and stays small, and stores all of it later.</summary>
public sealed class BackPressureTests(StoresFixture stores, KafkaBrokerFixture broker) : IClassFixture<KafkaBrokerFixture>
{
    private const int Memory = 4 << 20; // of which a batch takes a quarter
    private const int LogBytes = 24 << 20;

    // What a delivery and a Kafka client hold on top, and what the runtime makes of its own while it runs.
    private const int Slack = 6 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("local", StoreKind.ClickHouse, Topics.Tls)]
    [InlineData("local", StoreKind.ClickHouseInProcess, Topics.Tls)]
    [InlineData("kafka", StoreKind.ClickHouse, Topics.Packet)]
    [InlineData("kafka", StoreKind.Postgres, Topics.Postgres)]
    public async Task Run_StoreIsAway_StaysSmallAndStoresAllOfItLater(string log, StoreKind kind, string topic)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-pressure-").FullName;
        try
        {
            await using TcpProxy network = new();
            StoreAddress behind = kind == StoreKind.ClickHouseInProcess ? StoreAddress.Parse($"chdb:{folder}/store") : await stores.CreateDatabaseAsync(kind, Cancel);
            network.TargetPort = behind.Port;
            string store = behind.Text.Replace($":{behind.Port}/", $":{network.Port}/", StringComparison.Ordinal);
            string hold = Path.Combine(folder, "hold"); // the engine in process has no network to cut
            string address = log == "kafka" ? broker.Address.Text : $"sqlite:{folder}/log";
            EventFeed feed = new(seed: 31);
            await using ILogWriter writer = log == "kafka"
                ? KafkaLog.OpenWriter(broker.Address)
                : LocalLog.OpenWriter(Path.Combine(folder, "log"), new LocalLogOptions());
            if (writer is KafkaLogWriter kafka)
            {
                await kafka.GetPartitionsAsync(topic, Cancel); // makes it: a broker may refuse the first record of a topic that is not there
            }

            await writer.AppendAsync([feed.Next(topic)], Cancel);
            await using SinkMember sink = SinkMember.Start(address, store, $"pressure-{kind}-{log}", topic, Memory, hold);
            await sink.WaitAsync(status => status.Stored > 0, "it stores the first event", Cancel);
            long heap = sink.Last.Heap;

            network.Set("", LinkState.Cut);
            await File.WriteAllTextAsync(hold, "", Cancel);
            for (long bytes = 0; bytes < LogBytes;)
            {
                LogEntry[] entries = [.. Enumerable.Range(0, 200).Select(_ => feed.Next(topic))];
                await writer.AppendAsync(entries, Cancel);
                bytes += entries.Sum(entry => (long)entry.Value.Length);
            }

            // A batch that waits for the store, and the next one, full.
            await sink.WaitAsync(status => status.IsRetrying && status.Buffered >= Memory / 4, "it tries again with full batches", Cancel);
            int said = sink.All.Count;
            await sink.WaitAsync(_ => sink.All.Count >= said + 20, "it goes on saying how it is", Cancel);
            Assert.InRange(sink.All.Max(status => status.Buffered), Memory / 4, Memory + (1 << 20));
            Assert.InRange(sink.All.Skip(1).Max(status => status.Heap), 0, heap + Memory + Slack);

            File.Delete(hold);
            network.Set("", LinkState.Open);
            await WaitStoredAsync(sink, feed.Expected.Count);
            await sink.DisposeAsync();
            SinkAssert.Same(feed.Expected, await ReadAsync(behind, folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Both logs count offsets from 0 here, without gaps.
    private static Task WaitStoredAsync(SinkMember sink, int events) =>
        sink.WaitAsync(status => status.Stored >= events && status.Buffered == 0, $"it stored {events} events", Cancel);

    private static async Task<List<StoredEvent>> ReadAsync(StoreAddress address, string folder)
    {
        if (address.Kind != StoreKind.ClickHouseInProcess)
        {
            await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Reader, Cancel);
            return await StoredEvents.ReadAsync(store, Cancel);
        }

        await using ClickHouseServer server = await ClickHouseServer.StartAsync(Path.Combine(folder, "store"), Cancel);
        await using Store served = await StoreFactory.OpenAsync(server.Address(address.Database), StoreRole.Reader, Cancel);
        return await StoredEvents.ReadAsync(served, Cancel);
    }
}
