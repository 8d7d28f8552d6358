using ECapture.Pcapng;

namespace ECapture.Tests.Unit.Pcapng;

/// <summary>A small file with every block that the writer knows.</summary>
internal static class SampleFile
{
    public const ulong FirstPacketNanoseconds = 1_790_000_000_123_456_789;

    public static byte[] Write()
    {
        var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        writer.WriteSectionHeader(os: "Linux", application: "ecapture test", comment: "one section");
        int eth0 = writer.WriteInterface(new PcapngInterface("eth0", 1, "host web1"));
        int lo = writer.WriteInterface(new PcapngInterface("lo", 1));
        var keys = new TlsKeyLog(writer);
        keys.Add("CLIENT_RANDOM", Bytes(32, 1), Bytes(48, 2));
        keys.WriteBlock();
        writer.WriteProcess(new PcapngProcess(1234, "curl", 1000, 1_789_999_999_000_000_000));
        writer.WritePacket(eth0, FirstPacketNanoseconds, Udp(5), 60, PacketOptions.Encode(PacketDirection.Outbound, 1234, 0, "curl (pid 1234)"));
        writer.WritePacket(lo, FirstPacketNanoseconds + 1, Udp(4), 0, PacketOptions.Encode(PacketDirection.Inbound));
        writer.WritePacket(lo, FirstPacketNanoseconds + 2, Udp(3), 1500, []);
        writer.FlushAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return stream.ToArray();
    }

    public static byte[] Bytes(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }

    /// <summary>An Ethernet frame with a UDP datagram of so many bytes.</summary>
    public static byte[] Udp(int payload)
    {
        byte[] frame = new byte[14 + 20 + 8 + payload];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[17] = (byte)(28 + payload);
        frame[22] = 64;
        frame[23] = 17;
        frame[26] = 10;
        frame[30] = 10;
        frame[34] = 0x9c;
        frame[36] = 0x9c;
        frame[39] = (byte)(8 + payload);
        return frame;
    }

    public static List<PcapngBlock> ReadAll(byte[] file, out long? cutAt)
    {
        var reader = new PcapngReader(new MemoryStream(file));
        var blocks = new List<PcapngBlock>();
        while (reader.Read() is { } block)
        {
            blocks.Add(block);
        }

        cutAt = reader.CutAt;
        return blocks;
    }
}
