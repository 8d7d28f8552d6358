using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>A made history of all topics: hosts, processes, flows, ties of time, bytes that are no text.</summary>
internal static class History
{
    public const ulong Begin = 1_795_100_000_000_000_000;

    public static readonly string[] Hosts = ["web1", "web2", "db-ü"];

    public static readonly string[] Processes = ["curl", "nginx", "o'dd \\ \"name\""];

    private static readonly byte[][] s_texts =
    [
        "GET /login?user=a HTTP/1.1\r\n\r\n"u8.ToArray(), "needle"u8.ToArray(), "NEEDLE"u8.ToArray(), "'; DROP TABLE tls; --\\"u8.ToArray(),
        "SELECT * FROM needle WHERE a = 7 -- x"u8.ToArray(), "UPDATE t SET p = '50%_\\'"u8.ToArray(),
        [0, 1, 2, 0xff, 0xfe], Encoding.UTF8.GetBytes("größe\tneedle\n"), [],
    ];

    public static List<Event> Make(int count, int seed)
    {
        var random = new Random(seed);
        Guid[] runs = [.. Enumerable.Range(0, 4).Select(i => new Guid(i * 77_777_777, 1, 0x7000, 0x80, (byte)(251 * i), 3, 4, 5, 6, 7, 8))];
        var next = new Dictionary<(int Run, string Topic), ulong>();
        var events = new List<Event>(count);
        ulong time = Begin;
        for (int i = 0; i < count; i++)
        {
            // Many events of one time, of one microsecond, and days apart.
            time += random.Next(40) switch
            {
                < 12 => 0,
                < 20 => (ulong)random.Next(1000),
                < 39 => (ulong)random.Next(2_000_000_000),
                _ => (ulong)random.NextInt64(3_600_000_000_000),
            };
            int run = random.Next(runs.Length);
            string topic = Topics.All[random.Next(Topics.All.Count)];
            ulong sequence = next.GetValueOrDefault((run, topic));
            next[(run, topic)] = sequence + 1;
            var e = new Event
            {
                Run = ByteString.CopyFrom(runs[run].ToByteArray(bigEndian: true)),
                Topic = topic,
                Sequence = sequence,
                Schema = 1,
                Host = Hosts[run % Hosts.Length],
                Boot = ByteString.CopyFrom(new Guid(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, (byte)run).ToByteArray(bigEndian: true)),
                BootNs = time - Begin + 5_000_000_000,
                WallNs = time,
            };
            if (random.Next(6) > 0)
            {
                e.Process = new Process
                {
                    Pid = (uint)random.Next(1, 30),
                    StartNs = (ulong)random.Next(1, 4),
                    Uid = random.Next(3) == 0 ? 4_294_967_294 : (uint)random.Next(0, 3),
                    Name = ByteString.CopyFromUtf8(Processes[random.Next(Processes.Length)]),
                };
            }

            if (random.Next(3) > 0)
            {
                e.Connection = (0xF000_0000_0000_0000ul * (ulong)random.Next(2)) + (ulong)random.Next(20);
            }

            if (random.Next(3) > 0)
            {
                e.Flow = Flow(random);
            }

            Payload(e, random, s_texts[random.Next(s_texts.Length)]);
            events.Add(e);
        }

        return events;
    }

    private static Flow Flow(Random random)
    {
        bool isIPv6 = random.Next(4) == 0;
        byte[] local = isIPv6 ? [0xfe, 0x80, .. new byte[13], (byte)random.Next(4)] : [10, 0, (byte)random.Next(3), (byte)random.Next(4)];
        byte[] remote = isIPv6 ? [0x20, 1, .. new byte[13], 1] : [192, 168, 0, (byte)random.Next(4)];
        ushort localPort = (ushort)random.Next(40_000, 40_010);
        ushort remotePort = (ushort)(random.Next(2) == 0 ? 443 : 5432);
        return new Flow
        {
            LocalAddress = ByteString.CopyFrom(local),
            LocalPort = localPort,
            RemoteAddress = ByteString.CopyFrom(remote),
            RemotePort = remotePort,
            Protocol = 6,
            NetworkNamespace = 4_026_531_840,
            Id = CommunityId.FlowId(local, localPort, remote, remotePort, 6),
        };
    }

    private static void Payload(Event e, Random random, byte[] text)
    {
        ByteString data = ByteString.CopyFrom(text);
        switch (e.Topic)
        {
            case Topics.Tls or Topics.GnuTls or Topics.GoTls or Topics.Nss:
                e.TlsData = new TlsData { Direction = Direction.Sent, Library = "openssl", Data = data };
                break;
            case Topics.Secret:
                e.TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM", ClientRandom = Random(random, 32), Secret = Random(random, 48) };
                break;
            case Topics.Packet:
                e.Packet = new Packet { Interface = "eth0", Direction = Direction.Received, LinkType = 1, OriginalLength = (uint)text.Length, Data = data };
                break;
            case Topics.Connection:
                e.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened };
                break;
            case Topics.Bash or Topics.Zsh when random.Next(2) == 0:
                e.ShellResult = new ShellResult { Command = (ulong)random.Next(40), ExitStatus = random.Next(-1, 256) };
                break;
            case Topics.Bash or Topics.Zsh:
                e.ShellCommand = new ShellCommand { Command = (ulong)random.Next(40), Kind = ShellCommand.Types.Kind.Line, Shell = "bash", Text = data };
                break;
            case Topics.Process when random.Next(2) == 0:
                e.ProcessExit = new ProcessExit { ExitStatus = random.Next(256) };
                break;
            case Topics.Process:
                e.ProcessExec = new ProcessExec { Parent = 1, Executable = data };
                break;
            case Topics.Postgres or Topics.Mysqld:
                e.SqlStatement = new SqlStatement { System = "postgresql", User = ByteString.CopyFromUtf8("app"), Statement = data, DurationNs = 7 };
                break;
            case Topics.Http:
                e.HttpExchange = new HttpTransaction
                {
                    Role = HttpTransaction.Types.Role.Client,
                    Method = ByteString.CopyFromUtf8("GET"),
                    Host = ByteString.CopyFromUtf8(e.Sequence % 2 == 0 ? "shop.example" : "API.example:8443"),
                    Path = data,
                    Status = (uint)(e.Sequence % 3 == 0 ? 0 : 100 * (1 + (e.Sequence % 5))),
                    DurationNs = e.Sequence,
                    RequestBytes = 3,
                    ResponseBytes = 5,
                    ResponseType = ByteString.CopyFromUtf8("text/html"),
                };
                break;
            case Topics.Access:
                e.Access = new Access { Actor = "alice", Role = "analyst", Action = "events", Filter = "module=tls", Outcome = Access.Types.Outcome.Granted, Rows = 3 };
                break;
            case Topics.Control:
                e.Control = new Control { Action = "retention.drop", Subject = "tls/20261120", Actor = "ecapture", Rows = 7, Bytes = 900 };
                break;
            default:
                e.Loss = new Loss { Where = "ring:tls", Why = "full", Records = 3 };
                break;
        }
    }

    private static ByteString Random(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
