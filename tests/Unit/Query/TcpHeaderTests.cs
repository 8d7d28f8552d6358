using ECapture.Query.Pcap;

namespace ECapture.Tests.Unit.Querying;

public sealed class TcpHeaderTests
{
    [Theory]
    [InlineData("ethernet4", 2, true)]
    [InlineData("ethernet4", 18, false)]
    [InlineData("ethernet4", 16, false)]
    [InlineData("ethernet6", 2, true)]
    [InlineData("vlan4", 2, true)]
    [InlineData("plain4", 2, true)]
    [InlineData("plain6", 2, true)]
    [InlineData("udp4", 2, false)]
    public void IsOpening_EveryLinkLayer_SeesTheSyn(string form, byte flags, bool expected)
    {
        byte[] frame = Frame(form, flags);

        Assert.Equal(expected, TcpHeader.IsOpening(frame, out uint sequence));
        Assert.Equal(expected ? 0x01020304u : 0, sequence);
    }

    [Fact]
    public void IsOpening_CutAtEveryByte_NeverFails()
    {
        foreach (string form in new[] { "ethernet4", "ethernet6", "vlan4", "plain4", "plain6" })
        {
            byte[] frame = Frame(form, 2);
            for (int length = 0; length < frame.Length; length++)
            {
                Assert.False(TcpHeader.IsOpening(frame.AsSpan(0, length), out _));
            }
        }
    }

    private static byte[] Frame(string form, byte flags)
    {
        byte[] tcp = [0, 80, 0, 90, 1, 2, 3, 4, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0];
        byte[] four = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, (byte)(form == "udp4" ? 17 : 6), 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        byte[] six = [0x60, 0, 0, 0, 0, 20, 6, 64, .. new byte[32]];
        byte[] ip = form.EndsWith('6') ? six : four;
        byte[] type = form.EndsWith('6') ? [0x86, 0xdd] : [8, 0];
        byte[] link = form.StartsWith("plain", StringComparison.Ordinal) ? []
            : form.StartsWith("vlan", StringComparison.Ordinal) ? [.. new byte[12], 0x81, 0, 0, 5, .. type]
            : [.. new byte[12], .. type];
        return [.. link, .. ip, .. tcp];
    }
}
