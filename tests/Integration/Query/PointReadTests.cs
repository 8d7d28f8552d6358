using System.Globalization;
using System.IO.Pipelines;
using System.Text.RegularExpressions;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Query;
using ECapture.Query.Formatting;
using ECapture.Query.Pcap;
using ECapture.Query.Requests;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Google.Protobuf;
using Npgsql;

namespace ECapture.Tests.Integration.Querying;

/// <summary>
/// Requests for little read little, whatever the store holds beside it: the engines say so themselves. A look-up that reads the same few granules, or asks an index, in three days
/// of events does so in thirty.
/// </summary>
public sealed partial class PointReadTests(StoresFixture stores)
{
    private const int Days = 3;
    private const int RowsOfADay = 40_000;
    private const ulong Begin = 1_794_960_000_000_000_000; // 2026-11-18
    private const ulong Day = 86_400_000_000_000;
    private const ulong Step = Day / RowsOfADay;
    private const int Wanted = RowsOfADay + (RowsOfADay / 2) + 3; // on the second day
    private const int Needle = RowsOfADay / 3;

    /// <summary>Granules (8,192 rows) of a table that a request for a few events reads at most: one for each host, and one by chance, as a bloom filter errs once in a hundred.</summary>
    private const int FewGranules = 3;

    /// <summary>Granules that the largest tables have at least, however the engine merged their parts.</summary>
    private const int AllGranules = 10;

    private static readonly Guid s_run = Guid.Parse("01900000-0000-7000-8000-0000000007ad");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PointReads_ClickHouse_ReadFewGranules()
    {
        await using Store store = await FillAsync(StoreKind.ClickHouse);
        int most = 0;
        foreach ((string request, ExplainedStore explained) in await AskAllAsync(store))
        {
            foreach ((string statement, string[] plan) in explained.Explained)
            {
                foreach ((int selected, int total) in Reads(plan))
                {
                    most = Math.Max(most, total);
                    Assert.True(selected <= FewGranules, $"{request}: {selected} of {total} granules read by {statement}\n{string.Join('\n', plan)}");
                }
            }
        }

        Assert.True(most >= AllGranules, $"the largest table has {most} granules: nothing was shown");
    }

    [Fact]
    public async Task PointReads_Postgres_AskIndexes()
    {
        await using Store store = await FillAsync(StoreKind.Postgres);
        await using (NpgsqlCommand analyze = ((PostgresStore)store).DataSource.CreateCommand("ANALYZE"))
        {
            await analyze.ExecuteNonQueryAsync(Cancel);
        }

        int indexes = 0;
        foreach ((string request, ExplainedStore explained) in await AskAllAsync(store))
        {
            foreach ((string statement, string[] plan) in explained.Explained)
            {
                indexes += plan.Count(line => line.Contains("Index Scan", StringComparison.Ordinal));
                Assert.False(
                    plan.Any(line => line.Contains("Seq Scan on", StringComparison.Ordinal) && line.Contains("_2026", StringComparison.Ordinal)),
                    $"{request}: a table is read whole by {statement}\n{string.Join('\n', plan)}");
            }
        }

        Assert.True(indexes >= 5, $"{indexes} index scans: nothing was shown");
    }

    private static async Task<List<(string Request, ExplainedStore Explained)>> AskAllAsync(Store store)
    {
        string connection = Connection(Wanted).ToString("x16", CultureInfo.InvariantCulture);
        DateTime minute = DateTime.UnixEpoch.AddTicks((long)(At(Wanted) / 100));
        string window = string.Create(CultureInfo.InvariantCulture, $"from={minute:yyyy-MM-ddTHH:mm:ssZ}&to={minute.AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}");
        EventCursor cursor = default;
        List<(string, ExplainedStore)> asked = [];
        asked.Add((connection, await FindAsync(store, $"connection={connection}&limit=all", 2, e => cursor = e.Id.Topic == Topics.Tls ? e.Cursor : cursor)));
        asked.Add((cursor.ToString(), await FindAsync(store, "event=" + cursor, 1)));
        asked.Add((cursor.Id.ToString(), await FindAsync(store, "event=" + cursor.Id, 1)));
        asked.Add((window, await FindAsync(store, window + "&process=p3&limit=all", null)));
        asked.Add(("sql ~", await FindAsync(store, "from=2026-11-18&to=2026-11-19&module=postgres&filter=" + Uri.EscapeDataString("sql ~ \"Drop Table\""), 1)));
        ExplainedStore file = new(store);
        PcapngRequest session = RequestReader.ReadPcapng([new("connection", connection), new("keys", "false")]);
        Rebuild rebuild = await new PcapngBuilder(new EventStoreReader(store, file), session.Options).PrepareAsync(session.Filter, Cancel);
        Assert.Equal(1, rebuild.Sessions);
        asked.Add(("pcapng", file));
        return asked;
    }

    private static async Task<ExplainedStore> FindAsync(Store store, string request, int? expected, Action<StoredEvent>? each = null)
    {
        ExplainedStore explained = new(store);
        EventsRequest events = RequestReader.ReadEvents(
            [.. request.Split('&').Select(p => p.Split('=', 2)).Select(p => new KeyValuePair<string, string>(p[0], Uri.UnescapeDataString(p[1])))], EventsFormat.Ndjson);
        PipeWriter nowhere = PipeWriter.Create(Stream.Null);
        (long count, _) = await EventsSearch.WriteAsync(
            new EventStoreReader(store, explained), events, EventFormatters.Create(events.Format, colours: false), nowhere, Cancel, e =>
            {
                each?.Invoke(e);
                return e;
            });
        await nowhere.CompleteAsync();
        Assert.True(expected is null ? count > 0 : count == expected, $"{request}: {count} events");
        return explained;
    }

    // Of each table that is read: granules that are left when all indexes were asked, and all of them.
    private static IEnumerable<(int Selected, int Total)> Reads(string[] plan)
    {
        (int Selected, int Total)? read = null;
        foreach (string line in plan)
        {
            if (line.Contains("ReadFromMergeTree", StringComparison.Ordinal))
            {
                if (read is { } before)
                {
                    yield return before;
                }

                read = null;
            }
            else if (Granules().Match(line) is { Success: true } match)
            {
                int selected = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
                int total = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
                read = (selected, Math.Max(total, read?.Total ?? 0));
            }
        }

        if (read is { } last)
        {
            yield return last;
        }
    }

    [GeneratedRegex(@"Granules: (\d+)/(\d+)")]
    private static partial Regex Granules();

    private async Task<Store> FillAsync(StoreKind kind)
    {
        Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        IEnumerable<int> all = Enumerable.Range(0, Days * RowsOfADay);
        await StoreLoader.LoadAsync(store, all.Select(i => Make(Topics.Connection, i, e => e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened })), Cancel);
        await StoreLoader.LoadAsync(store, all.Select(i => Make(Topics.Tls, i, e => e.TlsData = new TlsData { Direction = Direction.Sent, Data = ByteString.CopyFromUtf8("x") })), Cancel);
        await StoreLoader.LoadAsync(store, all.Take(RowsOfADay).Select(i => Make(Topics.Postgres, i, e => e.SqlStatement = new SqlStatement
        {
            Statement = ByteString.CopyFromUtf8(i == Needle ? "DROP TABLE invoices" : $"select {i % 977} from items"),
        })), Cancel);
        return store;
    }

    private static ulong At(int i) => Begin + ((ulong)i * Step);

    private static ulong Connection(int i) => 0x0EAD_0000_0000_0000 + (ulong)i;

    private static Event Make(string topic, int i, Action<Event> payload)
    {
        Event made = new()
        {
            Run = ByteString.CopyFrom(s_run.ToByteArray(bigEndian: true)),
            Topic = topic,
            Sequence = (ulong)i,
            Schema = 1,
            Host = i % 2 == 0 ? "web1" : "web2",
            Boot = ByteString.CopyFrom(new byte[16]),
            BootNs = 1_000 + ((ulong)i * Step),
            WallNs = At(i),
            Connection = topic == Topics.Postgres ? 0 : Connection(i),
            Process = new Process { Pid = 100 + (uint)(i % 7), StartNs = 5, Uid = 1, Name = ByteString.CopyFromUtf8($"p{i % 7}") },
        };
        if (topic != Topics.Postgres)
        {
            made.Flow = new Flow { Id = 0x00F1_0000_0000_0000 + (ulong)i, NetworkNamespace = 1, LocalPort = 443, RemotePort = 40_000, Protocol = 6 };
        }

        payload(made);
        return made;
    }
}
