using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;
using Npgsql;

namespace ECapture.Tests.Integration.Sink;

public sealed class SinkTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_AllPayloads_ComeBackByteForByteOnce(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new();
        EventFeed feed = new(seed: 11);
        feed.Fill(log, 3_000);

        await using SinkRun sink = new(log, store);
        await sink.WaitDrainedAsync(Cancel);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        Assert.All(sink.Status.Partitions, p => Assert.Equal(p.End, log.Committed[p.Partition]));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_StartedAgainAndAgain_StoresNothingTwice(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new();
        EventFeed feed = new(seed: 12);
        for (int start = 0; start < 5; start++)
        {
            feed.Fill(log, 400);
            await using SinkRun sink = new(log, store, batchRows: 50, recordsPerDelivery: 20);
            await Task.Delay(start * 40, Cancel); // anywhere in its work
            await sink.StopAsync();
        }

        await using SinkRun last = new(log, store);
        await last.WaitDrainedAsync(Cancel);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_TwoSinksBelieveTheyOwnThePartitions_StoreEachEventOnce(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new();
        EventFeed feed = new(seed: 13);
        feed.Fill(log, 500);
        await using SinkRun one = new(log, store, batchRows: 40, recordsPerDelivery: 17);
        await using SinkRun other = new(log, store, batchRows: 60, recordsPerDelivery: 23);
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(100, Cancel);
            feed.Fill(log, 200);
        }

        await one.WaitDrainedAsync(Cancel);
        await other.WaitDrainedAsync(Cancel);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_Poison_IsKeptAsDeadLetterAndTheRestStored(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new();
        EventFeed feed = new(seed: 14);
        TopicPartition partition = new(Topics.Tls, 0);
        byte[][] poison =
        [
            [0xFF, 0xFF, 0xFF],
            [],
            new Event { Topic = Topics.Tls, Run = ByteString.CopyFrom(new byte[3]) }.ToByteArray(),
            new Event { Topic = Topics.Bash, Run = ByteString.CopyFrom(new byte[16]) }.ToByteArray(),
            new Event { Topic = Topics.Tls, Run = ByteString.CopyFrom(new byte[16]), Sequence = ulong.MaxValue }.ToByteArray(),
            new Event { Topic = Topics.Tls, Run = ByteString.CopyFrom(new byte[16]), WallNs = ulong.MaxValue }.ToByteArray(),
        ];
        foreach (byte[] bytes in poison)
        {
            log.Append(partition, feed.Next(Topics.Tls).Value.ToArray());
            log.Append(partition, bytes);
        }

        await using SinkRun sink = new(log, store);
        await sink.WaitDrainedAsync(Cancel);

        SinkAssert.Same(feed.Expected, await StoredEvents.ReadAsync(store, Cancel));
        Assert.Equal(poison.Select(Convert.ToHexString).Order(), (await DeadLettersAsync(store)).Order());
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_HostileValues_AreStored(StoreKind kind)
    {
        await using Store store = await OpenAsync(kind);
        MemoryLog log = new();
        Event hostile = new()
        {
            Run = ByteString.CopyFrom(new byte[16]),
            Topic = Topics.Connection,
            Schema = uint.MaxValue,
            Host = "h\0\u0001",
            Boot = ByteString.CopyFrom(new byte[40]),
            WallNs = 0,
            Process = new Process { Name = ByteString.CopyFrom(new byte[5000]), Uid = uint.MaxValue },
            Flow = new Flow { LocalAddress = ByteString.CopyFrom(new byte[7]), RemoteAddress = ByteString.CopyFrom(new byte[16]), LocalPort = 1_000_000, Protocol = 70_000 },
            ConnectionLink = new ConnectionLink { ClientRandom = ByteString.CopyFrom(new byte[100_000]), ServerName = ByteString.CopyFrom(new byte[100_000]) },
        };
        byte[] encoded = hostile.ToByteArray();
        int host = encoded.AsSpan().IndexOf("h\0\u0001"u8);
        encoded[host] = 0xFF; // no UTF-8
        log.Append(new TopicPartition(Topics.Connection, 0), encoded);

        await using SinkRun sink = new(log, store);
        await sink.WaitDrainedAsync(Cancel);

        Assert.Equal(Convert.ToHexString(encoded), Assert.Single(await StoredEvents.ReadAsync(store, Cancel)).Encoded);
    }

    private async Task<Store> OpenAsync(StoreKind kind) =>
        await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);

    private async Task<List<string>> DeadLettersAsync(Store store)
    {
        if (store is ClickHouseStore)
        {
            string text = await stores.ExecuteAsync(store.Address.Database, "SELECT hex(event) FROM dead_letter FORMAT TSV", Cancel);
            return [.. text.Split('\n')[..^1]];
        }

        await using NpgsqlCommand command = ((PostgresStore)store).DataSource.CreateCommand("SELECT event FROM dead_letter");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Cancel);
        List<string> letters = [];
        while (await reader.ReadAsync(Cancel))
        {
            letters.Add(Convert.ToHexString(reader.GetFieldValue<byte[]>(0)));
        }

        return letters;
    }
}
