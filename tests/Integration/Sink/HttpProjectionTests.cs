using System.Text;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink;

/// <summary>Exchanges out of plaintext, with sinks that come and go.</summary>
public sealed class HttpProjectionTests(StoresFixture stores)
{
    private const int Exchanges = 120;

    private static readonly TopicPartition s_tls = new(ECapture.Events.Topics.Tls, 0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_StartedAgainAndAgain_StoresEachExchangeOnce(StoreKind kind)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        MemoryLog log = new();
        PlaintextFeed feed = new(Guid.CreateVersion7());
        Random random = new(5);
        List<byte[]> sent = [];
        for (int start = 0; start < 5; start++)
        {
            for (int i = start * Exchanges / 5; i < (start + 1) * Exchanges / 5; i++)
            {
                // Requests of one start are answered in the next one: their connections are taken over in the middle.
                Append(log, sent, random, feed.Next((ulong)i + 1, isSent: true, Encoding.ASCII.GetBytes($"GET /page/{i} HTTP/1.1\r\nHost: shop.example\r\n\r\n")));
                if (i >= Exchanges / 5)
                {
                    Answer(log, sent, random, feed, i - (Exchanges / 5));
                }
            }

            await using SinkRun plaintext = new(log, store, batchRows: 40, recordsPerDelivery: 17);
            await using SinkRun exchanges = new(log.Open(recordsPerDelivery: 23), store, batchRows: 30, projects: true);
            await exchanges.WaitDrainedAsync(Cancel);
            await plaintext.WaitDrainedAsync(Cancel);
            await exchanges.StopAsync();
            await plaintext.StopAsync();
        }

        List<ECapture.Storage.Reading.StoredEvent> rows = await ReadAsync(store, EventFilter.All with { Topics = [ECapture.Events.Topics.Http] });

        int answered = Exchanges / 5 * 4;
        Assert.Equal(Enumerable.Range(0, answered).Select(i => $"/page/{i} {200 + (i % 3)}").Order(), rows.Select(Told).Order());
        Assert.Equal(rows.Count, rows.Select(r => r.Id).Distinct().Count());
        Assert.All(rows, r => Assert.Empty(r.Event.HttpExchange.Problems));
        Assert.Equal(
            rows.Where(r => r.Event.HttpExchange.Status == 201).Select(Told).Order(),
            (await ReadAsync(store, EventFilter.All with { Expression = FilterExpression.Parse("http.status == 201 and http.host == \"shop.example\" and http.path ~ \"/PAGE/\"") })).Select(Told).Order());
    }

    private static string Told(ECapture.Storage.Reading.StoredEvent row) => $"{row.Event.HttpExchange.Path.ToStringUtf8()} {row.Event.HttpExchange.Status}";

    private static void Answer(MemoryLog log, List<byte[]> sent, Random random, PlaintextFeed feed, int i)
    {
        byte[] response = Encoding.ASCII.GetBytes($"HTTP/1.1 {200 + (i % 3)} OK\r\nContent-Length: 6\r\n\r\nanswer");
        int cut = random.Next(1, response.Length);
        Append(log, sent, random, feed.Next((ulong)i + 1, isSent: false, response[..cut]));
        Append(log, sent, random, feed.Next((ulong)i + 1, isSent: false, response[cut..]));
    }

    // Now and then what was sent before comes again, as from a forwarder that lost an acknowledgement.
    private static void Append(MemoryLog log, List<byte[]> sent, Random random, Event e)
    {
        sent.Add(e.ToByteArray());
        log.Append(s_tls, sent[^1]);
        if (random.Next(10) == 0)
        {
            log.Append(s_tls, sent[random.Next(Math.Max(0, sent.Count - 20), sent.Count)]);
        }
    }

    private static async Task<List<ECapture.Storage.Reading.StoredEvent>> ReadAsync(Store store, EventFilter filter)
    {
        List<ECapture.Storage.Reading.StoredEvent> rows = [];
        await foreach (ECapture.Storage.Reading.StoredEvent row in new EventStoreReader(store).SearchAsync(filter, EventOrder.Oldest, after: null, limit: null, Cancel))
        {
            rows.Add(row);
        }

        return rows;
    }
}
