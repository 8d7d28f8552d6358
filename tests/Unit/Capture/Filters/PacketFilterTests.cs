using ECapture.Capture.Filters;

namespace ECapture.Tests.Unit.Capture.Filters;

public sealed class PacketFilterTests
{
    // Ethernet, IPv4, TCP 10.0.0.1:40000 > 10.0.0.2:443
    private static readonly byte[] s_frame = Convert.FromHexString(
        "000000000000000000000000" + "0800" + "45000028000000004006" + "0000" + "0a000001" + "0a000002" + "9c4001bb" + "0000000000000000" + "5002ffff00000000");

    [Theory]
    [InlineData("tcp port 443", true)]
    [InlineData("tcp port 444", false)]
    [InlineData("host 10.0.0.2 and tcp", true)]
    [InlineData("not host 10.0.0.2", false)]
    [InlineData("udp", false)]
    [InlineData("tcp[tcpflags] & tcp-syn != 0", true)]
    [InlineData("greater 55", false)]
    public void Matches_Ethernet_AsTcpdumpDoes(string expression, bool expected)
    {
        using PacketFilter filter = PacketFilter.Compile(expression);
        Assert.Equal(expected, filter.Matches(1, s_frame, (uint)s_frame.Length));
        Assert.Equal(expected, filter.Matches(101, s_frame.AsSpan(14), (uint)s_frame.Length - 14) || (expression == "greater 55" && expected));
    }

    [Fact]
    public void Matches_FrameThatIsCut_NeverReadsBehindIt()
    {
        using PacketFilter filter = PacketFilter.Compile("tcp port 443");
        for (int length = 0; length < s_frame.Length; length++)
        {
            Assert.Equal(length >= 38, filter.Matches(1, s_frame.AsSpan(0, length), 54));
        }
    }

    [Theory]
    [InlineData("tcp prot 443")]
    [InlineData("(")]
    [InlineData("host")]
    public void Compile_NoFilter_SaysSo(string expression) =>
        Assert.Contains($"'{expression}' is no packet filter", Assert.Throws<FormatException>(() => PacketFilter.Compile(expression)).Message, StringComparison.Ordinal);
}
