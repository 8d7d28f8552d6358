using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Tls;
using ECapture.Query.Pcap;
using ECapture.Query.Pcap.Synthetic;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>TLS connections that are older than the agent: no handshake was captured, tshark decrypts them all the same.</summary>
public sealed class EarlierConnectionTests(StoresFixture stores)
{
    private const ulong Begin = 1_700_000_000_000_000_000;
    private const ushort ServerPort = 443;
    private const ushort FirstClientPort = 41_000;
    private const int Requests = 3;
    private static readonly byte[] s_client = [10, 0, 0, 1];
    private static readonly byte[] s_server = [10, 0, 0, 2];

    private readonly Dictionary<string, ulong> _sequences = [];
    private readonly ByteString _run = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray(bigEndian: true));

    [Theory]
    [InlineData(StoreKind.ClickHouse, 1ul)]
    [InlineData(StoreKind.Postgres, 2500ul)]
    public async Task Rebuild_NoHandshakeAndRecordsBeforeTheAgent_TsharkDecryptsEverySuite(StoreKind kind, ulong before)
    {
        RecordSuite[] suites = [.. RecordSuite.Tls13, .. RecordSuite.Tls12];
        List<Event> events = [.. suites.SelectMany((suite, i) => Connection(suite, (ushort)(FirstClientPort + i), before))];

        await using RebuiltFile built = await RebuiltFile.BuildAsync(stores, kind, events, EventFilter.All, null);

        string[] lines = await Tshark.FieldsAsync(built.Path, "http", "tcp.srcport", "tcp.dstport", "http.request.uri", "http.response.code");
        IEnumerable<string> expected = suites.SelectMany((_, i) => Enumerable.Range(0, Requests).SelectMany(r =>
            (string[])[Line(FirstClientPort + i, ServerPort, $"/{r}", ""), Line(ServerPort, FirstClientPort + i, "*", "200")]));
        string[] seen = [.. lines.Select(l => l.Split('|')).Select(f => Line(int.Parse(f[0], null), int.Parse(f[1], null), f[3].Length > 0 ? "*" : f[2], f[3]))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal((suites.Length, 0), (built.Report.Sessions, built.Report.SessionsWithoutSecrets));
        Assert.Contains(await Tshark.FieldsAsync(built.Path, "tls.handshake", "frame.comment"), c => c.StartsWith("synthetic: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rebuild_MoreRecordsBeforeThanAreMade_PacketsAndSecretsAndALineThatSaysSo()
    {
        await using RebuiltFile built = await RebuiltFile.BuildAsync(
            stores, StoreKind.ClickHouse, [.. Connection(RecordSuite.Tls13[1], FirstClientPort, 1_000_000)], EventFilter.All, null);

        Assert.Equal((2 * Requests, 2L), (built.Packets.Count, built.Report.Secrets));
        Assert.Contains("older than the agent by more than", built.Blocks[0].Options.Text(ECapture.Pcapng.OptionCode.Comment), StringComparison.Ordinal);
    }

    private static string Line(int from, int to, string uri, string status) => string.Create(CultureInfo.InvariantCulture, $"{from} {to} {uri} {status}");

    // Packets of a connection from a record on, and what the agent proved of it.
    private IEnumerable<Event> Connection(RecordSuite suite, ushort port, ulong before)
    {
        byte[] random = RandomNumberGenerator.GetBytes(32);
        byte[] serverRandom = suite.IsTls13 ? [] : RandomNumberGenerator.GetBytes(32);
        byte[] master = RandomNumberGenerator.GetBytes(48);
        uint[] numbers = [uint.MaxValue - 100, 77_000]; // the client's wraps around
        RecordKeys[] keys = new RecordKeys[2];
        foreach (bool isClients in (bool[])[true, false])
        {
            byte[] secret = suite.IsTls13 ? RandomNumberGenerator.GetBytes(suite.SecretLength) : master;
            keys[isClients ? 0 : 1] = suite.IsTls13 ? RecordKeys.FromTrafficSecret(suite, secret) : RecordKeys.FromMasterSecret(suite, secret, random, serverRandom, isClients);
            Event proved = Base(Topics.Secret, Begin + 5_000_000, port);
            proved.TlsSecret = new TlsSecret
            {
                Label = !suite.IsTls13 ? "CLIENT_RANDOM" : isClients ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0",
                ClientRandom = ByteString.CopyFrom(random),
                Secret = ByteString.CopyFrom(secret),
                Position = new RecordPosition
                {
                    CipherSuite = suite.Id,
                    ServerRandom = ByteString.CopyFrom(serverRandom),
                    Direction = isClients ? Direction.Sent : Direction.Received,
                    IsClients = isClients,
                    Record = before,
                    TcpSequence = numbers[isClients ? 0 : 1],
                },
            };
            yield return proved;
        }

        for (int i = 0; i < 2 * Requests; i++)
        {
            bool isClients = i % 2 == 0;
            string text = isClients ? $"GET /{i / 2} HTTP/1.1\r\nHost: old\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            byte[] record = keys[i % 2].Seal(before + (ulong)(i / 2), 23, Encoding.ASCII.GetBytes(text));
            byte[] frame = new byte[IpTcpFrame.LongestHeaders + record.Length];
            ((byte[], ushort) from, (byte[], ushort) to) = isClients ? ((s_client, port), (s_server, ServerPort)) : ((s_server, ServerPort), (s_client, port));
            int length = IpTcpFrame.Write(frame, from, to, (numbers[i % 2], numbers[1 - (i % 2)]), TcpFlags.Ack, record, record.Length);
            numbers[i % 2] += (uint)record.Length;
            Event packet = Base(Topics.Packet, Begin + ((ulong)i * 1_000_000), port);
            packet.Packet = new Packet
            {
                Interface = "eth0",
                InterfaceIndex = 2,
                Direction = isClients ? Direction.Sent : Direction.Received,
                LinkType = IpTcpFrame.LinkType,
                OriginalLength = (uint)length,
                Data = ByteString.CopyFrom(frame, 0, length),
            };
            yield return packet;
        }

        Array.ForEach(keys, k => k.Dispose());
    }

    private Event Base(string topic, ulong time, ushort port)
    {
        ulong sequence = _sequences.GetValueOrDefault(topic);
        _sequences[topic] = sequence + 1;
        return new Event
        {
            Run = _run,
            Topic = topic,
            Sequence = sequence,
            Host = "web1",
            Boot = ByteString.CopyFrom(new byte[16]),
            WallNs = time,
            BootNs = time - Begin + 1_000_000_000,
            Process = new Process { Pid = 500, StartNs = 1, Name = ByteString.CopyFromUtf8("pool") },
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(s_client),
                LocalPort = port,
                RemoteAddress = ByteString.CopyFrom(s_server),
                RemotePort = ServerPort,
                Protocol = 6,
                NetworkNamespace = 1,
                Id = CommunityId.FlowId(s_client, port, s_server, ServerPort, 6),
            },
        };
    }
}
