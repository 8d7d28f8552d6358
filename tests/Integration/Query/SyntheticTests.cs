using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using ECapture.Tests.Integration.Storage;
using Google.Protobuf;
using State = ECapture.Events.V1.ConnectionState.Types.State;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Sessions of which only plaintext was captured, as TCP streams that tshark judges.</summary>
public sealed class SyntheticTests(StoresFixture stores)
{
    private const ulong First = 0x5151_0000_0000_0001;

    public static TheoryData<StoreKind> Kinds => [StoreKind.ClickHouse, StoreKind.Postgres];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_PlaintextOfHttp_OpensAsHttpWithItsAddresses(StoreKind kind)
    {
        PlaintextHistory history = new();
        string body = new('b', 40_000);
        Exchange(history, First, PlaintextHistory.FlowOf("10.0.0.1", 40_001, "192.0.2.7", 443), 0, "GET /one HTTP/1.1\r\nHost: a.example\r\n\r\n", $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Exchange(history, First + 1, PlaintextHistory.FlowOf("fe80::1", 2_002, "2001:db8::7", 8443), 5, "GET /two HTTP/1.1\r\nHost: b.example\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        Exchange(history, First + 2, PlaintextHistory.FlowOf("10.0.0.1", 40_003, "192.0.2.7", 8080), 7, "POST /three HTTP/1.1\r\nHost: c.example\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);

        Assert.Equal((3, 3, 0), (built.Report.Sessions, built.Report.SyntheticSessions, built.Report.SessionsWithoutSecrets));
        string[] requests = await Tshark.FieldsAsync(built.Path, "http.request", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport", "http.request.uri", "frame.interface_name", "frame.packet_flags_direction");
        Assert.Equal(
            ["192.0.2.7||40001|80|/one|synthetic|0x00000002", "|2001:db8::7|2002|80|/two|synthetic|0x00000002", "192.0.2.7||40003|8080|/three|synthetic|0x00000002"], requests);
        string[] responses = await Tshark.FieldsAsync(built.Path, "http.response", "http.response.code", "http.content_length");
        Assert.Equal(["200|40000", "404|0", "200|0"], responses);
        string[] comments = await Tshark.FieldsAsync(built.Path, "http.request", "frame.comment");
        Assert.Contains("curl (pid 71); synthetic: made of what module tls captured; the server's port was 443", comments[0], StringComparison.Ordinal);
        Assert.Contains("synthetic: 3 of 3 sessions", built.Blocks[0].Options.Text(OptionCode.Comment), StringComparison.Ordinal);
        Assert.Equal(6, (await Tshark.FieldsAsync(built.Path, "tcp.flags.fin == 1", "frame.number")).Length);
        await AssertIsSoundTcpAsync(built, streams: 3);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_PlaintextOfHttp2_OpensAsHttp2(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow flow = PlaintextHistory.FlowOf("10.0.0.1", 40_010, "192.0.2.7", 443);
        byte[] path = "/over-http2"u8.ToArray();
        byte[] headers = [0x82, 0x87, 0x04, (byte)path.Length, .. path, 0x41, 1, (byte)'h'];
        byte[] request = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, (byte)headers.Length, 1, 5, 0, 0, 0, 1, .. headers];
        history.State(0, First, flow, State.Opened);
        history.Tls(1, First, flow, isSent: true, 0, request, Topics.GoTls);
        history.Tls(2, First, flow, isSent: false, 0, [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88], Topics.GoTls);
        history.State(3, First, flow, State.Closed);
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);

        string[] seen = await Tshark.FieldsAsync(built.Path, "http2.headers.path || http2.headers.status", "http2.headers.path", "http2.headers.status");
        Assert.Equal(["/over-http2|", "|200"], seen);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_Statements_OpenAsTheirProtocols(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow postgres = PlaintextHistory.FlowOf("10.0.0.9", 15_432, "10.0.0.5", 50_001);
        Flow mysql = PlaintextHistory.FlowOf("10.0.0.9", 13_306, "10.0.0.5", 50_002);
        history.Sql(0, Topics.Postgres, postgres, 0, PlaintextHistory.Ok("select 'tcp'", "SELECT 1", 1), 900);
        history.Sql(1, Topics.Postgres, null, 0, PlaintextHistory.Error("select unix", "42703", "no such column", 0), 901);
        SqlStatement prepared = PlaintextHistory.Ok("select $1", "SELECT 1", 1);
        prepared.Kind = SqlStatement.Types.Kind.Prepared;
        prepared.Parameters.Add(new SqlStatement.Types.Parameter { Format = SqlStatement.Types.Parameter.Types.Format.Text, Value = ByteString.CopyFromUtf8("bound") });
        history.Sql(2, Topics.Postgres, postgres, 0, prepared, 900);
        history.Sql(3, Topics.Mysqld, mysql, First, PlaintextHistory.Ok("update t set a = 1", "", 3), 950);
        history.Sql(4, Topics.Mysqld, null, First + 1, PlaintextHistory.Error("drop table x", "42S02", "Unknown table", 1051), 950);
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);

        Assert.Equal((4, 4), (built.Report.Sessions, built.Report.SyntheticSessions));
        string[] queries = await Tshark.FieldsAsync(built.Path, "pgsql.query", "ip.src", "tcp.dstport", "pgsql.query");
        Assert.Equal(["10.0.0.5|5432|select 'tcp'", "127.0.0.1|5432|select unix", "10.0.0.5|5432|select $1"], queries);
        Assert.Equal(["app", "app"], (await Tshark.FieldsAsync(built.Path, "pgsql.parameter_name == \"user\"", "pgsql.parameter_value")).Select(v => v.Split(';')[0]));
        Assert.Equal(["SELECT 1", "SELECT 1"], await Tshark.FieldsAsync(built.Path, "pgsql.tag", "pgsql.tag"));
        Assert.Equal(["42703|no such column"], await Tshark.FieldsAsync(built.Path, "pgsql.code", "pgsql.code", "pgsql.message"));
        Assert.Contains("bound", Encoding.ASCII.GetString([.. built.Packets.SelectMany(p => p.Data.ToArray())]), StringComparison.Ordinal);
        Assert.Equal(["3306|update t set a = 1", "3306|drop table x"], await Tshark.FieldsAsync(built.Path, "mysql.query", "tcp.dstport", "mysql.query"));
        Assert.Equal(["3"], await Tshark.FieldsAsync(built.Path, "mysql.affected_rows > 0", "mysql.affected_rows"));
        Assert.Equal(["1051|Unknown table"], await Tshark.FieldsAsync(built.Path, "mysql.error_code", "mysql.error_code", "mysql.error.message"));
        Assert.Equal(["app|shop", "app|shop"], await Tshark.FieldsAsync(built.Path, "mysql.user", "mysql.user", "mysql.schema"));
        Assert.Contains(
            await Tshark.FieldsAsync(built.Path, "mysql.query == \"drop table x\"", "frame.comment"), c => c.EndsWith("its socket was not seen, addresses are made up", StringComparison.Ordinal));
        await AssertIsSoundTcpAsync(built, streams: 4);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_OneStatementOfASocketNobodySaw_HoldsItsSessionAndNoOther(StoreKind kind)
    {
        PlaintextHistory history = new();
        history.Sql(0, Topics.Postgres, null, 0, PlaintextHistory.Ok("select first", "SELECT 1", 1), 901);
        history.Sql(1, Topics.Postgres, null, 0, PlaintextHistory.Ok("select other", "SELECT 1", 1), 902);
        history.Sql(2, Topics.Postgres, null, 0, PlaintextHistory.Ok("select wanted", "SELECT 1", 1), 901);
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All with { Text = "wanted" });

        Assert.Equal(["select first", "select wanted"], await Tshark.FieldsAsync(built.Path, "pgsql.query", "pgsql.query"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_BothEndsOfALoopback_IsOneStreamOnce(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow client = PlaintextHistory.FlowOf("127.0.0.1", 40_020, "127.0.0.1", 8443);
        Flow server = PlaintextHistory.FlowOf("127.0.0.1", 8443, "127.0.0.1", 40_020);
        history.State(0, First, client, State.Opened);
        history.State(0, First + 1, server, State.Accepted, "nginx", 80);
        history.Tls(1, First, null, isSent: true, 0, PlaintextHistory.Bytes("GET /both HTTP/1.0\r\n\r\n")); // its call knew no socket
        history.Tls(2, First + 1, server, isSent: false, 0, PlaintextHistory.Bytes("GET /both HTTP/1.0\r\n\r\n"), process: "nginx", pid: 80);
        history.Tls(3, First + 1, server, isSent: true, 0, PlaintextHistory.Bytes("HTTP/1.0 200 OK\r\n\r\nuntil the end"), process: "nginx", pid: 80);
        history.Tls(4, First, null, isSent: false, 0, PlaintextHistory.Bytes("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
        history.State(5, First, client, State.Closed);
        history.State(6, First + 1, server, State.Closed, "nginx", 80);
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All with { Text = "/both" });

        Assert.Equal(["40020|/both|"], await Tshark.FieldsAsync(built.Path, "http.request", "tcp.srcport", "http.request.uri", "http.response.code"));
        Assert.Equal(["200"], await Tshark.FieldsAsync(built.Path, "http.response", "http.response.code"));
        Assert.Equal(8, built.Packets.Count); // handshake, two of data, the end
        await AssertIsSoundTcpAsync(built, streams: 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_OfAnExchangesPath_HoldsThatSession(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow flow = PlaintextHistory.FlowOf("10.0.0.1", 40_030, "192.0.2.7", 443);
        Exchange(history, First, flow, 0, "GET /wanted HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Exchange(history, First + 1, PlaintextHistory.FlowOf("10.0.0.1", 40_031, "192.0.2.7", 443), 1, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Event exchange = history.Events.First(e => e.Topic == Topics.Tls && e.Connection == First).Clone();
        exchange.Topic = Topics.Http;
        exchange.HttpExchange = new HttpTransaction { Method = ByteString.CopyFromUtf8("GET"), Path = ByteString.CopyFromUtf8("/wanted"), Status = 200, Topic = Topics.Tls };
        history.Events.Add(exchange);
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All with { Expression = FilterExpression.Parse("http.path == \"/wanted\"") });

        Assert.Equal(["/wanted"], await Tshark.FieldsAsync(built.Path, "http.request", "http.request.uri"));
        Assert.Equal(1, built.Report.Sessions);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_SessionWithPackets_GetsNoneMade(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow captured = PlaintextHistory.FlowOf("10.0.0.1", 40_040, "192.0.2.7", 443);
        byte[] frame = new byte[80];
        Exchange(history, First, captured, 0, "GET /captured HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        history.Packet(2, captured, frame);
        Exchange(history, First + 1, PlaintextHistory.FlowOf("10.0.0.1", 40_041, "192.0.2.7", 443), 1, "GET /made HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);
        await using RebuiltFile found = await BuildAsync(kind, history, EventFilter.All with { Text = "HTTP/1.1" });
        await using RebuiltFile without = await BuildAsync(kind, history, EventFilter.All, new RebuildOptions { Synthetic = false });

        foreach (RebuiltFile file in (RebuiltFile[])[built, found])
        {
            Assert.Equal((2, 1), (file.Report.Sessions, file.Report.SyntheticSessions));
            Assert.Equal(["/made"], await Tshark.FieldsAsync(file.Path, "http.request", "http.request.uri"));
            Assert.Single(file.Packets, p => p.Data.Span.SequenceEqual(frame));
            Assert.All(file.Packets.Zip(file.Packets.Skip(1)), p => Assert.True(p.First.UnixNanoseconds <= p.Second.UnixNanoseconds));
        }

        Assert.Equal((2, 0, 1L), (without.Report.Sessions, without.Report.SyntheticSessions, without.Report.Packets));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_CutPlaintext_ShowsAsCutAndWhatFollowsStandsWhereItStood(StoreKind kind)
    {
        PlaintextHistory history = new();
        Flow flow = PlaintextHistory.FlowOf("10.0.0.1", 40_050, "192.0.2.7", 443);
        history.State(0, First, flow, State.Opened);
        history.Tls(1, First, flow, isSent: true, 0, PlaintextHistory.Bytes("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
        history.Tls(2, First, flow, isSent: false, 0, PlaintextHistory.Bytes("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"));
        history.Events[^1].Truncation = new Truncation { Length = 90_042 };
        history.Tls(3, First, flow, isSent: true, 27, PlaintextHistory.Bytes("GET /b HTTP/1.1\r\nHost: a\r\n\r\n"));
        history.Tls(4, First, flow, isSent: false, 90_042, PlaintextHistory.Bytes("HTTP/1.1 204 No Content\r\n\r\n"));
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);

        Assert.Equal(["/a", "/b"], await Tshark.FieldsAsync(built.Path, "http.request", "http.request.uri"));
        string[] received = await Tshark.FieldsAsync(built.Path, "tcp.srcport == 80 && tcp.len > 0", "tcp.seq", "tcp.len", "frame.cap_len");
        Assert.Equal(["1|32000|82", "90043|27|67"], received);
        string[] comments = await Tshark.FieldsAsync(built.Path, "tcp.srcport == 80 && tcp.len > 0", "frame.comment");
        Assert.EndsWith("; data was cut: 42 of 90042 bytes were kept", comments[0], StringComparison.Ordinal);
        Assert.DoesNotContain("cut", comments[1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_CutStatements_SayHowLongTheyWere(StoreKind kind)
    {
        PlaintextHistory history = new();
        history.Sql(0, Topics.Postgres, null, 0, PlaintextHistory.Ok("select 'whole'", "SELECT 1", 1), 901);
        history.Sql(1, Topics.Postgres, null, 0, PlaintextHistory.Ok("select 'the begin", "SELECT 1", 1), 901);
        history.Events[^1].Truncation = new Truncation { Length = 70_000 };
        history.Sql(2, Topics.Mysqld, null, First, PlaintextHistory.Ok("update t se", "", 3), 950);
        history.Events[^1].Truncation = new Truncation { Length = 5_000 };
        await using RebuiltFile built = await BuildAsync(kind, history, EventFilter.All);

        string[] cut = await Tshark.FieldsAsync(built.Path, "frame.comment contains \"was cut\"", "pgsql.query", "mysql.query", "frame.comment");
        Assert.Equal(2, cut.Length);
        Assert.StartsWith("select 'the begin||", cut[0], StringComparison.Ordinal);
        Assert.EndsWith("; the statement was cut: 17 of 70000 bytes were kept", cut[0], StringComparison.Ordinal);
        Assert.StartsWith("|update t se|", cut[1], StringComparison.Ordinal);
        Assert.EndsWith("; the statement was cut: 11 of 5000 bytes were kept", cut[1], StringComparison.Ordinal);
        await AssertIsSoundTcpAsync(built, streams: 2);
    }

    private static void Exchange(PlaintextHistory history, ulong connection, Flow flow, ulong at, string request, string response)
    {
        history.State(at, connection, flow, State.Opened);
        history.Tls(at + 1, connection, flow, isSent: true, 0, PlaintextHistory.Bytes(request));
        history.Tls(at + 9, connection, flow, isSent: false, 0, PlaintextHistory.Bytes(response));
        history.State(at + 11, connection, flow, State.Closed);
    }

    // Wireshark's own analysis of sequence numbers, checksums and of what is missing.
    private static async Task AssertIsSoundTcpAsync(RebuiltFile built, int streams)
    {
        string[] all = await Tshark.LinesAsync(
            "tshark",
            ["-r", built.Path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|", "-e", "tcp.stream", "-e", "tcp.flags.syn", "-e", "tcp.analysis.flags", "-e", "tcp.checksum.status"]);
        Assert.Equal(streams, all.Select(l => l.Split('|')[0]).Distinct().Count());
        Assert.Equal(2 * streams, all.Count(l => l.Split('|')[1] == "1"));
        Assert.All(all, l => Assert.Equal(("", "1"), (l.Split('|')[2], l.Split('|')[3])));
        Assert.Matches($@"Number of packets: +{built.Packets.Count}\b", await Tshark.RunAsync("capinfos", ["-c", "-M", built.Path]));
        Assert.Empty(await Tshark.LinesAsync("tshark", ["-r", built.Path, "-Y", "_ws.malformed || ip.checksum.status == 0"]));
        Assert.All(built.Packets.Zip(built.Packets.Skip(1)), p => Assert.True(p.First.UnixNanoseconds <= p.Second.UnixNanoseconds));
    }

    private Task<RebuiltFile> BuildAsync(StoreKind kind, PlaintextHistory history, EventFilter filter, RebuildOptions? options = null) =>
        RebuiltFile.BuildAsync(stores, kind, history.Events, filter, options);
}
