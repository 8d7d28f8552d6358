using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Protocols;

public sealed class QuicInitialTests
{
    [Theory]
    [InlineData(0xc3, 0x00000001u, 8, 1200, true)]
    [InlineData(0xd3, 0x6b3343cfu, 8, 1250, true)] // version 2 numbers its packet types otherwise
    [InlineData(0xe3, 0x00000001u, 8, 1200, false)] // Handshake
    [InlineData(0xc3, 0x6b3343cfu, 8, 1200, false)] // version 2's Retry
    [InlineData(0x43, 0x00000001u, 8, 1200, false)] // short header
    [InlineData(0xc3, 0x00000000u, 8, 1200, false)] // version negotiation
    [InlineData(0xc3, 0xff00001du, 8, 1200, false)] // a draft
    [InlineData(0xc3, 0x00000001u, 0, 1200, false)]
    [InlineData(0xc3, 0x00000001u, 21, 1200, false)]
    [InlineData(0xc3, 0x00000001u, 8, 1199, false)]
    public void IsFirst_Datagram_IsTold(byte first, uint version, byte connectionId, int length, bool expected)
    {
        byte[] datagram = new byte[length];
        datagram[0] = first;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(1), version);
        datagram[5] = connectionId;

        Assert.Equal(expected, QuicInitial.IsFirst(datagram));
    }

    [Fact]
    public void IsFirst_AnyBytes_NeverReadsBehindTheEnd()
    {
        Random random = new(1);
        byte[] bytes = new byte[1300];
        for (int i = 0; i < 10_000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] |= 0xc0;
            QuicInitial.IsFirst(bytes.AsSpan(0, random.Next(bytes.Length)));
        }
    }
}
