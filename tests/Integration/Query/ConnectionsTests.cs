using System.Text.Json;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>One object per connection, out of the events that there are, the same from both stores.</summary>
public sealed class ConnectionsTests(StoresFixture stores)
{
    private const ulong Begin = 1_795_132_800_000_000_000;
    private const ulong Second = 1_000_000_000;

    private static readonly Guid s_run = Guid.Parse("01900000-0000-7000-8000-00000000c0de");

    private readonly List<Event> _events = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Connections_OfEverySource_AreOneEach(StoreKind kind)
    {
        // The wire, the socket call, the library and the plaintext say their parts of one connection; the same ports are used again.
        Add(Topics.Connection, 0, 0, 1001, e => e.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ServerName = ByteString.CopyFromUtf8("shop.example"), ClientRandom = Random(1) });
        Add(Topics.Connection, 1, 11, 1001, e => e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened });
        Add(Topics.Secret, 2, 11, 0, e => e.TlsSecret = new TlsSecret { Label = "CLIENT_HANDSHAKE_TRAFFIC_SECRET", ClientRandom = Random(1), Secret = Random(9) });
        Add(Topics.Tls, 3, 11, 1001, e => e.TlsData = new TlsData { Direction = Direction.Sent, Offset = 0, Data = ByteString.CopyFromUtf8("12345") });
        Add(Topics.Tls, 4, 11, 1001, e => e.TlsData = new TlsData { Direction = Direction.Sent, Offset = 5, Data = ByteString.CopyFromUtf8("678") });
        Add(Topics.Tls, 5, 11, 1001, e => e.TlsData = new TlsData { Direction = Direction.Received, Offset = 0, Data = ByteString.CopyFromUtf8("12") });
        Add(Topics.Connection, 6, 11, 1001, e => e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed });
        Add(Topics.Connection, 100, 12, 1001, e => e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened });
        Add(Topics.Connection, 101, 0, 1001, e => e.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ServerName = ByteString.CopyFromUtf8("other.example"), ClientRandom = Random(2) });
        Add(Topics.Secret, 102, 12, 0, e => e.TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM", ClientRandom = Random(2), Secret = Random(9) });
        Add(Topics.Connection, 200, 0, 2002, e => e.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ServerName = ByteString.CopyFromUtf8("quic.example") });
        Add(Topics.Connection, 50, 13, 3003, e => e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Existing });
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, _events, Cancel);
        await using RunningQuery query = await RunningQuery.StartAsync(new EventStoreReader(store));
        using HttpClient client = new() { BaseAddress = query.Address };

        JsonElement all = await GetAsync(client, "");
        Assert.Equal(["quic.example", "other.example", null, "shop.example"], Names(all));
        JsonElement shop = all.GetProperty("connections")[3];
        Assert.Equal("000000000000000b", shop.GetProperty("connection").GetString());
        Assert.Equal(("opened", "TLS 1.3", 8, 2), (shop.GetProperty("began").GetString(), shop.GetProperty("tls").GetString(), shop.GetProperty("sent").GetInt32(), shop.GetProperty("received").GetInt32()));
        Assert.Equal(["tls"], shop.GetProperty("modules").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal(5, (DateTime.Parse(shop.GetProperty("closed").GetString()!) - DateTime.Parse(shop.GetProperty("opened").GetString()!)).TotalSeconds);
        Assert.Equal(("curl", 443), (shop.GetProperty("process").GetProperty("name").GetString(), shop.GetProperty("flow").GetProperty("remote_port").GetInt32()));
        JsonElement again = all.GetProperty("connections")[1];
        Assert.Equal(("000000000000000c", "TLS 1.2 or older", JsonValueKind.Null, JsonValueKind.Null),
            (again.GetProperty("connection").GetString(), again.GetProperty("tls").GetString(), again.GetProperty("closed").ValueKind, again.GetProperty("sent").ValueKind));
        Assert.Equal(JsonValueKind.Null, all.GetProperty("connections")[0].GetProperty("connection").ValueKind); // nobody's that is known

        // Found by what one of its events says, shown with what all of them say.
        Assert.Equal(["shop.example"], Names(await GetAsync(client, "?filter=sni%20~%20%22SHOP%22")));
        Assert.Equal(["shop.example"], Names(await GetAsync(client, "?connection=000000000000000b")));
        Assert.Equal([null], Names(await GetAsync(client, "?filter=flow%20==%200000000000000bbb"))); // 3003: it was there before the agent
        JsonElement two = await GetAsync(client, "?limit=2");
        Assert.Equal((2, true), (two.GetProperty("connections").GetArrayLength(), two.GetProperty("cut").GetBoolean()));
        foreach (int limit in (int[])[1, 2, 3])
        {
            List<string?> pages = [];
            for (JsonElement page = await GetAsync(client, $"?limit={limit}"); ; page = await GetAsync(client, $"?limit={limit}&cursor={page.GetProperty("next").GetString()}"))
            {
                pages.AddRange(Names(page));
                Assert.True(pages.Count < 10, "pages repeat connections");
                if (page.GetProperty("next").GetString() is null)
                {
                    break;
                }
            }

            Assert.Equal(Names(all), pages); // each once, in the same order
        }

        Assert.Empty(Names(await GetAsync(client, "?filter=process%20==%20nobody")));
        using HttpResponseMessage refused = await client.GetAsync("api/v1/connections?limit=0", Cancel);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string query)
    {
        using HttpResponseMessage response = await client.GetAsync("api/v1/connections" + query, Cancel);
        string body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }

    private static IEnumerable<string?> Names(JsonElement answer) =>
        answer.GetProperty("connections").EnumerateArray().Select(c => c.TryGetProperty("sni", out JsonElement name) ? name.GetString() : null);

    private static ByteString Random(int seed)
    {
        byte[] bytes = new byte[32];
        new Random(seed).NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private void Add(string topic, ulong second, ulong connection, ulong flow, Action<Event> payload)
    {
        Event e = new()
        {
            Run = ByteString.CopyFrom(s_run.ToByteArray(bigEndian: true)),
            Topic = topic,
            Sequence = (ulong)_events.Count,
            Schema = 1,
            Host = "web1",
            Boot = ByteString.CopyFrom(new byte[16]),
            WallNs = Begin + (second * Second),
            BootNs = second * Second,
            Connection = connection,
            Process = connection == 0 ? null : new Process { Pid = 7, Name = ByteString.CopyFromUtf8("curl"), Uid = 1000 },
            Flow = flow == 0 ? null : new Flow
            {
                LocalAddress = ByteString.CopyFrom(10, 0, 0, 1),
                LocalPort = (uint)flow,
                RemoteAddress = ByteString.CopyFrom(192, 0, 2, 7),
                RemotePort = 443,
                Protocol = 6,
                NetworkNamespace = 5,
                Id = flow,
            },
        };
        payload(e);
        _events.Add(e);
    }
}
