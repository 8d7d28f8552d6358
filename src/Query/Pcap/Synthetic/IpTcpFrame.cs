using System.Buffers.Binary;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>Writes an IPv4 or IPv6 packet (LINKTYPE_RAW) with a TCP segment (RFC 791, 8200, 9293).</summary>
internal static class IpTcpFrame
{
    /// <summary>LINKTYPE_RAW: the packet begins with its IP header.</summary>
    public const ushort LinkType = 101;

    /// <summary>Bytes of headers at most.</summary>
    public const int LongestHeaders = IPv6 + Tcp;

    private const int IPv4 = 20;
    private const int IPv6 = 40;
    private const int Tcp = 20;
    private const byte TcpProtocol = 6;
    private const byte HopLimit = 64;

    /// <summary>Writes the packet.</summary>
    /// <param name="frame">Room for headers and payload.</param>
    /// <param name="from">The sender: address of 4 or 16 bytes, port.</param>
    /// <param name="to">The receiver: an address as long as the sender's, port.</param>
    /// <param name="numbers">Sequence and acknowledgement numbers.</param>
    /// <param name="flags">TCP flags.</param>
    /// <param name="payload">As much of the segment's data as there is.</param>
    /// <param name="length">Data that the segment had; the headers tell of it.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(
        Span<byte> frame, (byte[] Address, ushort Port) from, (byte[] Address, ushort Port) to, (uint Sequence, uint Acknowledged) numbers, TcpFlags flags,
        ReadOnlySpan<byte> payload, int length)
    {
        int header = from.Address.Length == 4 ? IPv4 : IPv6;
        frame[..(header + Tcp)].Clear();
        if (header == IPv4)
        {
            frame[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)(IPv4 + Tcp + length));
            frame[6] = 0x40; // don't fragment
            frame[8] = HopLimit;
            frame[9] = TcpProtocol;
            from.Address.CopyTo(frame[12..]);
            to.Address.CopyTo(frame[16..]);
            BinaryPrimitives.WriteUInt16BigEndian(frame[10..], Checksum(Sum(frame[..IPv4])));
        }
        else
        {
            frame[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(frame[4..], (ushort)(Tcp + length));
            frame[6] = TcpProtocol;
            frame[7] = HopLimit;
            from.Address.CopyTo(frame[8..]);
            to.Address.CopyTo(frame[24..]);
        }

        Span<byte> tcp = frame[header..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], to.Port);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], numbers.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], numbers.Acknowledged);
        tcp[12] = Tcp / 4 << 4;
        tcp[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], ushort.MaxValue); // window
        payload.CopyTo(tcp[Tcp..]);
        if (payload.Length == length)
        {
            uint pseudo = Sum(from.Address) + Sum(to.Address) + TcpProtocol + (uint)(Tcp + length);
            BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], Checksum(pseudo + Sum(tcp[..(Tcp + length)])));
        }

        return header + Tcp + payload.Length;
    }

    // 64 KiB of 16-bit words fit into 32 bits.
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        return bytes.Length == 0 ? sum : sum + ((uint)bytes[0] << 8);
    }

    private static ushort Checksum(uint sum)
    {
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
