using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Benchmarks.Query;

/// <summary>A TLS session that is being made: its templates, and what its other events share.</summary>
internal sealed class MadeSession
{
    public const int Packets = 400;

    private static readonly int[] s_sizes = [66, 583, 1514];
    private static readonly byte[] s_order = [0, 2, 2, 2, 0, 2, 1, 2]; // 1036 bytes a frame

    private readonly PacketTemplate[] _templates;
    private readonly Event _base;

    public MadeSession(ulong number, string host, ByteString run, int cutAt)
    {
        Connection = 0x8000_0000_0000_0000 + number;
        Random = Hash(number);
        byte[] local = [10, 0, 0, 1];
        byte[] remote = [10, (byte)(number >> 16), (byte)(number >> 8), (byte)number];
        ushort port = (ushort)(40_000 + (number >> 24));
        _base = new Event
        {
            Run = run,
            Host = host,
            Boot = run,
            Schema = 1,
            Process = new Process { Pid = 4000 + (uint)(number % 20), StartNs = 9, Uid = 33, Name = ByteString.CopyFromUtf8(number % 20 == 0 ? "curl" : "nginx") },
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(local),
                LocalPort = 443,
                RemoteAddress = ByteString.CopyFrom(remote),
                RemotePort = port,
                Protocol = 6,
                NetworkNamespace = 4_026_531_840,
                Id = CommunityId.FlowId(local, 443, remote, port, 6),
            },
        };
        _templates = [.. s_sizes.Select(size => new PacketTemplate(Packet(size, Math.Min(size, cutAt))))];
    }

    public ulong Connection { get; }

    public ByteString Random { get; }

    /// <summary>Packets made so far.</summary>
    public int Made { get; set; }

    /// <summary>The template of the next packet.</summary>
    public PacketTemplate Next => _templates[s_order[Made % s_order.Length]];

    /// <summary>An event of the session's process and connection.</summary>
    public Event Event(string topic, ulong sequence, ulong wall, ulong boot)
    {
        Event made = _base.Clone();
        made.Topic = topic;
        made.Sequence = sequence;
        made.WallNs = wall;
        made.BootNs = boot;
        made.Connection = Connection;
        return made;
    }

    private Event Packet(int size, int kept)
    {
        byte[] frame = new byte[Math.Max(kept, 54)];
        ReadOnlySpan<byte> headers = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, (byte)((size - 14) >> 8), (byte)(size - 14), 0, 0, 0, 0, 64, 6, 0, 0];
        headers.CopyTo(frame);
        frame[46] = 0x50;
        Event packet = _base.Clone();
        packet.Topic = Topics.Packet;
        packet.Packet = new Packet
        {
            Interface = "eth0",
            InterfaceIndex = 2,
            Direction = size == 66 ? Direction.Sent : Direction.Received,
            LinkType = 1,
            OriginalLength = (uint)size,
            Data = ByteString.CopyFrom(frame),
        };
        return packet;
    }

    private static ByteString Hash(ulong number) =>
        ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(number)));
}
