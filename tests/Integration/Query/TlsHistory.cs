using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>The events that an agent makes of the recorded sessions: frames, states, links, secrets, plaintext.</summary>
internal sealed class TlsHistory(TlsFixture tls)
{
    public const ulong ClockOffset = 1_700_000_000_000_000_000;
    public const uint Server = 900;

    private const int Ip = 14;
    private const int Tcp = 34;

    private readonly Dictionary<string, ulong> _sequences = [];
    private readonly ByteString _run = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray(bigEndian: true));

    /// <summary>States and links say when a connection began; without them only the frames do.</summary>
    public bool WithConnections { get; init; } = true;

    /// <summary>The wire link (ClientHello seen in a frame).</summary>
    public bool WithWireLinks { get; init; } = true;

    public string Host { get; init; } = "web1";

    /// <summary>Nanoseconds that everything happened later.</summary>
    public ulong Shift { get; init; }

    /// <summary>The exchange of each frame, in the order of the frames.</summary>
    public List<int> Owners { get; } = [];

    public List<Event> Make()
    {
        var events = new List<Event>();
        int current = -1;
        ulong connection = 0;
        bool isAnswered = false;
        var randoms = new List<byte[]>();
        foreach ((ulong time, byte[] frame) in tls.Frames)
        {
            ushort from = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(Tcp));
            ushort to = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(Tcp + 2));
            byte flags = frame[Tcp + 13];
            if ((flags & 0x12) == 2)
            {
                current++;
                connection = 0xABCD_0000_0000_0000 + ((ulong)current * 2);
                isAnswered = false;
            }

            TlsExchange exchange = tls.Exchanges[current];
            bool isClients = from == exchange.ClientPort;
            Event packet = Base(Topics.Packet, time, isClients, exchange);
            packet.Packet = new Packet
            {
                Interface = "lo",
                InterfaceIndex = 1,
                Direction = Direction.Sent,
                LinkType = 1,
                OriginalLength = (uint)frame.Length,
                Data = ByteString.CopyFrom(frame),
            };
            // The agent learns whose a socket is when the connection stands: the first two frames are nobody's.
            packet.Process = isAnswered ? packet.Process : null;
            events.Add(packet);
            Owners.Add(current);
            if (!isAnswered && (flags & 0x12) == 0x10)
            {
                isAnswered = true;
                State(events, time, exchange, connection, isClients: true, ConnectionState.Types.State.Opened);
                State(events, time + 1000, exchange, connection + 1, isClients: false, ConnectionState.Types.State.Accepted);
            }

            if (ClientHello(frame) is { } random)
            {
                randoms.Add(random);
                if (WithWireLinks)
                {
                    Event wire = Base(Topics.Connection, time, isClients, exchange);
                    wire.Process = null;
                    wire.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ClientRandom = ByteString.CopyFrom(random), FromNs = Boot(time) };
                    events.Add(wire);
                }

                Keys(events, time, exchange, connection, random);
            }

            if ((flags & 4) != 0)
            {
                State(events, time, exchange, connection, isClients: true, ConnectionState.Types.State.Closed);
                State(events, time + 5000, exchange, connection + 1, isClients: false, ConnectionState.Types.State.Closed);
            }
        }

        // Links come when they come: no order across topics, none within a table either.
        return events;
    }

    private void Keys(List<Event> events, ulong time, TlsExchange exchange, ulong connection, byte[] random)
    {
        string hex = Convert.ToHexStringLower(random);
        foreach (string line in tls.KeyLog.Where(l => l.Split(' ')[1] == hex))
        {
            string[] parts = line.Split(' ');
            Event secret = Base(Topics.Secret, time + 50_000, true, exchange);
            secret.Flow = null;
            secret.Connection = connection;
            secret.TlsSecret = new TlsSecret { Label = parts[0], ClientRandom = ByteString.CopyFrom(random), Secret = ByteString.CopyFrom(Convert.FromHexString(parts[2])) };
            events.Add(secret);
        }

        if (WithConnections)
        {
            Event link = Base(Topics.Connection, time + 60_000, true, exchange);
            link.Flow = null;
            link.Connection = connection;
            link.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Secret, ClientRandom = ByteString.CopyFrom(random) };
            events.Add(link);
        }

        Event plain = Base(Topics.Tls, time + 100_000, true, exchange);
        plain.Flow = null; // only the connection is known to the library's call
        plain.Connection = connection;
        plain.TlsData = new TlsData { Direction = Direction.Sent, Library = "openssl", Data = ByteString.CopyFromUtf8($"GET /{exchange.Marker} HTTP/1.0\r\n\r\n") };
        events.Add(plain);
    }

    private void State(
        List<Event> events, ulong time, TlsExchange exchange, ulong connection, bool isClients, ConnectionState.Types.State state)
    {
        if (WithConnections)
        {
            Event e = Base(Topics.Connection, time, isClients, exchange);
            e.Connection = connection;
            e.ConnectionState = new ConnectionState { State = state };
            events.Add(e);
        }
    }

    private Event Base(string topic, ulong time, bool isClients, TlsExchange exchange)
    {
        ulong sequence = _sequences.GetValueOrDefault(topic);
        _sequences[topic] = sequence + 1;
        ushort local = isClients ? exchange.ClientPort : tls.ServerPort;
        ushort remote = isClients ? tls.ServerPort : exchange.ClientPort;
        byte[] loopback = [127, 0, 0, 1];
        return new Event
        {
            Run = _run,
            Topic = topic,
            Sequence = sequence,
            Host = Host,
            Boot = ByteString.CopyFrom(new byte[16]),
            WallNs = time + Shift,
            BootNs = Boot(time),
            Process = new Process
            {
                Pid = isClients ? exchange.Pid : Server,
                StartNs = 5_000_000_000,
                Uid = 33,
                Name = ByteString.CopyFromUtf8(isClients ? exchange.Process : "openssl"),
            },
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(loopback),
                LocalPort = local,
                RemoteAddress = ByteString.CopyFrom(loopback),
                RemotePort = remote,
                Protocol = 6,
                NetworkNamespace = 4_026_531_840,
                Id = CommunityId.FlowId(loopback, local, loopback, remote, 6),
            },
        };
    }

    private static ulong Boot(ulong time) => time - ClockOffset;

    /// <summary>The client random of a frame that begins with a ClientHello.</summary>
    private static byte[]? ClientHello(byte[] frame)
    {
        ReadOnlySpan<byte> data = frame.AsSpan(Math.Min(frame.Length, Tcp + ((frame[Tcp + 12] >> 4) * 4)));
        return data.Length > 43 && data[0] == 0x16 && data[5] == 1 && frame[Ip] == 0x45 ? data.Slice(11, 32).ToArray() : null;
    }
}
