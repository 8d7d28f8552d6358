using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Agent;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Packet;

namespace ECapture.Tests.EndToEnd.Packet;

/// <summary>The program in the kernel on frames made here: what this machine's own traffic does not have.</summary>
[Collection(CaptureCollection.Name)]
public sealed class FrameProgramTests : IRecordHandler, IDisposable
{
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const int ShortestRun = 54; // the kernel refuses a test run of less than Ethernet and IPv6 header
    private const int Continue = -1; // TC_ACT_UNSPEC: other programs run as without this one
    private static readonly string s_objects = Path.Combine(AppContext.BaseDirectory, "bpf");

    private readonly BaseObject _base = BaseObject.Load(s_objects);
    private readonly BpfObject _object = BpfObject.Open(Path.Combine(s_objects, "packet.bpf.o"));
    private readonly RingReader _rings = new();
    private readonly List<(PacketRecord Record, byte[] Frame)> _records = [];

    public FrameProgramTests()
    {
        foreach ((string name, BpfMap shared) in _base.SharedMaps)
        {
            if (_object.Maps.TryGetValue(name, out BpfMap? own))
            {
                own.Reuse(shared);
            }
        }

        _object.Load();
        _object.Maps["interfaces"].Set(1u, new InterfaceConfig { HeaderLength = 14, IsLoopback = 1, Netns = 77 });
        _rings.Add(_object.Maps["events"], this);
    }

    [Fact]
    public void IPv6_Tcp_TupleAndPayload()
    {
        PacketRecord record = Run(Ethernet(0x86dd, IPv6(Tcp, [], TcpSegment(443, 50000, "payload"))));
        AssertTuple(record, 10, Tcp, 443, 50000);
        Assert.Equal("2001:db8::1", Address(record.Tuple.Local));
        Assert.Equal("2001:db8::2", Address(record.Tuple.Remote));
        Assert.Equal("payload", Encoding.ASCII.GetString(_records[^1].Frame.AsSpan((int)record.PayloadAt)));
    }

    [Fact]
    public void IPv6_ExtensionHeaders_Skipped()
    {
        byte[] hopByHop = [60, 1, .. new byte[14]];   // 16 bytes, destination options follow
        byte[] destination = [Tcp, 0, .. new byte[6]]; // 8 bytes
        PacketRecord record = Run(Ethernet(0x86dd, IPv6(0, [.. hopByHop, .. destination], TcpSegment(443, 50000, "payload"))));
        AssertTuple(record, 10, Tcp, 443, 50000);
        Assert.Equal("payload", Encoding.ASCII.GetString(_records[^1].Frame.AsSpan((int)record.PayloadAt)));
    }

    [Fact]
    public void IPv4_Options_Skipped()
    {
        byte[] packet = IPv4(Tcp, TcpSegment(80, 50000, "payload"), options: 8);
        PacketRecord record = Run(Ethernet(0x0800, packet));
        AssertTuple(record, 2, Tcp, 80, 50000);
        Assert.Equal("payload", Encoding.ASCII.GetString(_records[^1].Frame.AsSpan((int)record.PayloadAt)));
        Assert.Equal("10.0.0.1", Address(record.Tuple.Local));
    }

    [Fact]
    public void IPv4_LaterFragment_AddressesWithoutPorts()
    {
        byte[] packet = IPv4(Udp, new byte[64], options: 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), 100);
        AssertTuple(Run(Ethernet(0x0800, packet)), 2, Udp, 0, 0);
    }

    [Fact]
    public void NotIP_CapturedWithoutTuple() => Assert.Equal(0, Run(Ethernet(0x0806, new byte[46])).Tuple.Family);

    [Fact]
    public void IP_CutAnywhere_CapturedAsItIs()
    {
        byte[] whole = Ethernet(0x86dd, IPv6(0, [Tcp, 0, .. new byte[6]], TcpSegment(443, 50000, "payload")));
        for (int length = ShortestRun; length <= whole.Length; length++)
        {
            PacketRecord record = Run(whole[..length]);
            Assert.Equal((uint)length, record.OriginalLength);
            Assert.Equal(whole[..length], _records[^1].Frame);
        }
    }

    [Fact]
    public void RandomFrames_EachCapturedOnce()
    {
        Random random = new(3);
        for (int i = 0; i < 5000; i++)
        {
            byte[] bytes = new byte[random.Next(40, 200)];
            random.NextBytes(bytes);
            ushort type = (i % 3) switch { 0 => 0x0800, 1 => 0x86dd, _ => (ushort)random.Next(0x0600, 0x10000) };
            byte[] frame = Ethernet(type, bytes);
            Run(frame);
            Assert.Equal(frame, _records[^1].Frame);
        }

        Assert.Equal(5000, _records.Count);
    }

    [Fact]
    public void Owner_OfTheReceiverOnly_ItsViewAndDirection()
    {
        PacketRecord sent = Run(Ethernet(0x0800, IPv4(Udp, UdpDatagram(1000, 53), options: 0)));
        Assert.Equal((2u, 0u), (sent.Direction, sent.Header.Pid));
        Owner owner = new() { ProcessStart = 5, Pid = 4242, Uid = 33 };
        "named"u8.CopyTo(owner.Comm);
        _base.SharedMaps["socket_owner"].Set(sent.Tuple.Reversed(), owner);

        PacketRecord received = Run(Ethernet(0x0800, IPv4(Udp, UdpDatagram(1000, 53), options: 0)));
        Assert.Equal((1u, 4242u, 5UL, 33u), (received.Direction, received.Header.Pid, received.Header.ProcessStart, received.Header.Uid));
        Assert.Equal(sent.Tuple.Reversed(), received.Tuple);

        _base.Exclude(4242);
        Assert.Equal(Continue, _object.TestRun("ecapture_in", Ethernet(0x0800, IPv4(Udp, UdpDatagram(1000, 53), options: 0))));
        Assert.Equal(0, _rings.Consume(TimeSpan.FromSeconds(5)));
    }

    void IRecordHandler.OnRecord(ReadOnlySpan<byte> record) =>
        _records.Add((MemoryMarshal.Read<PacketRecord>(record), record[Unsafe.SizeOf<PacketRecord>()..].ToArray()));

    public void Dispose()
    {
        _rings.Dispose();
        _object.Dispose();
        _base.Dispose();
    }

    private PacketRecord Run(byte[] frame)
    {
        Assert.Equal(Continue, _object.TestRun("ecapture_in", frame));
        Assert.Equal(1, _rings.Consume(TimeSpan.FromSeconds(5)));
        return _records[^1].Record;
    }

    private static void AssertTuple(in PacketRecord record, byte family, byte protocol, ushort localPort, ushort remotePort)
    {
        Assert.Equal((family, protocol, localPort, remotePort), (record.Tuple.Family, record.Tuple.Protocol, record.Tuple.LocalPort, record.Tuple.RemotePort));
        Assert.Equal(77u, record.Tuple.Netns);
    }

    private static string Address(Bytes16 bytes)
    {
        System.Net.IPAddress address = new((ReadOnlySpan<byte>)bytes);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static byte[] Ethernet(ushort type, byte[] packet) => [.. new byte[12], (byte)(type >> 8), (byte)type, .. packet];

    private static byte[] IPv6(byte next, byte[] extensions, byte[] segment)
    {
        byte[] source = System.Net.IPAddress.Parse("2001:db8::1").GetAddressBytes();
        byte[] destination = System.Net.IPAddress.Parse("2001:db8::2").GetAddressBytes();
        int length = extensions.Length + segment.Length;
        return [0x60, 0, 0, 0, (byte)(length >> 8), (byte)length, next, 64, .. source, .. destination, .. extensions, .. segment];
    }

    private static byte[] IPv4(byte protocol, byte[] segment, int options)
    {
        int length = 20 + options + segment.Length;
        return
        [
            (byte)(0x40 | ((20 + options) / 4)), 0, (byte)(length >> 8), (byte)length, 0, 0, 0, 0, 64, protocol, 0, 0,
            10, 0, 0, 1, 10, 0, 0, 2, .. new byte[options], .. segment,
        ];
    }

    private static byte[] TcpSegment(ushort source, ushort destination, string payload) =>
    [
        .. Port(source), .. Port(destination), .. new byte[8], 0x60, 0x18, .. new byte[10], .. Encoding.ASCII.GetBytes(payload),
    ];

    private static byte[] UdpDatagram(ushort source, ushort destination) => [.. Port(source), .. Port(destination), 0, 12, 0, 0, 1, 2, 3, 4];

    private static byte[] Port(ushort port) => [(byte)(port >> 8), (byte)port];

    /// <summary><c>struct socket_owner</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Owner
    {
        internal ulong ProcessStart;
        internal uint Pid;
        internal uint Uid;
        internal uint Flags;
        internal uint Reserved;
        internal Bytes16 Comm;
    }
}
