using System.Buffers.Binary;

namespace ECapture.Query.Pcap;

/// <summary>Finds the TCP segment that opens a connection in a frame of unknown link layer: Ethernet with or without VLAN tags, or plain IP.</summary>
internal static class TcpHeader
{
    private const byte Tcp = 6;
    private const byte Syn = 2;
    private const byte Ack = 16;

    /// <summary>True for SYN without ACK.</summary>
    /// <param name="frame">The frame's first bytes.</param>
    /// <param name="sequence">Its sequence number: the same when the SYN is sent again.</param>
    public static bool IsOpening(ReadOnlySpan<byte> frame, out uint sequence)
    {
        sequence = 0;
        ReadOnlySpan<byte> ip = Network(frame);
        if (ip.Length < 20)
        {
            return false;
        }

        ReadOnlySpan<byte> tcp;
        if (ip[0] >> 4 == 4)
        {
            int length = (ip[0] & 15) * 4;
            bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x1FFF) != 0;
            if (ip[9] != Tcp || isFragment || length < 20 || length > ip.Length)
            {
                return false;
            }

            tcp = ip[length..];
        }
        else if (ip[0] >> 4 == 6 && ip.Length >= 40 && ip[6] == Tcp)
        {
            tcp = ip[40..];
        }
        else
        {
            return false;
        }

        if (tcp.Length < 20 || (tcp[13] & (Syn | Ack)) != Syn)
        {
            return false;
        }

        sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
        return true;
    }

    private static ReadOnlySpan<byte> Network(ReadOnlySpan<byte> frame)
    {
        int at = 12;
        while (frame.Length >= at + 2)
        {
            switch (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]))
            {
                case 0x0800 or 0x86DD:
                    return frame[(at + 2)..];
                case 0x8100 or 0x88A8 when at < 20:
                    at += 4;
                    continue;
                default:
                    return frame; // plain IP, if its version says so
            }
        }

        return frame;
    }
}
