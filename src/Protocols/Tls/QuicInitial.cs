using System.Buffers.Binary;

namespace ECapture.Protocols.Tls;

/// <summary>Tells the datagrams with which QUIC clients open connections (RFC 9000, sections 14.1 and 17.2; version 2: RFC 9369, section 3).</summary>
public static class QuicInitial
{
    private const int LeastDatagram = 1200; // a client pads to it
    private const int HeaderBytes = 7; // first byte, version, length of the connection id, length of the source's
    private const int MostConnectionId = 20;
    private const uint Version1 = 1;
    private const uint Version2 = 0x6b3343cf;

    /// <summary>True for a datagram that begins with an Initial packet and is padded as a client's first one; a server may answer with one of the same form.</summary>
    /// <param name="datagram">A UDP payload from its start.</param>
    public static bool IsFirst(ReadOnlySpan<byte> datagram)
    {
        const int LongHeader = 0xc0;
        if (datagram.Length < LeastDatagram || (datagram[0] & LongHeader) != LongHeader)
        {
            return false;
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(datagram[1..]);
        int type = (datagram[0] >> 4) & 3;
        int destination = datagram[5];
        if ((version, type) is not ((Version1, 0) or (Version2, 1)) || destination is < 8 or > MostConnectionId)
        {
            return false;
        }

        // A client chooses at least eight bytes for a server that it does not know.
        int source = datagram[HeaderBytes - 1 + destination];
        return source <= MostConnectionId;
    }
}
