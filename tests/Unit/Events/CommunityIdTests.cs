using System.Net;
using ECapture.Events;

namespace ECapture.Tests.Unit.Events;

public sealed class CommunityIdTests
{
    // Vectors of the specification's baseline file (community-id-spec, baseline_deflt).
    [Theory]
    [InlineData("128.232.110.120", 34855, "66.35.250.204", 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")]
    [InlineData("192.168.1.52", 54585, "8.8.8.8", 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=")]
    [InlineData("fe80::200:86ff:fe05:80da", 1900, "ff02::c", 1900, 17, null)]
    public void Text_BothDirections_SameAsSpecification(string source, int sourcePort, string destination, int destinationPort, int protocol, string? expected)
    {
        byte[] from = IPAddress.Parse(source).GetAddressBytes();
        byte[] to = IPAddress.Parse(destination).GetAddressBytes();

        string there = CommunityId.Text(from, (ushort)sourcePort, to, (ushort)destinationPort, (byte)protocol);
        string back = CommunityId.Text(to, (ushort)destinationPort, from, (ushort)sourcePort, (byte)protocol);

        Assert.Equal(there, back);
        if (expected is not null)
        {
            Assert.Equal(expected, there);
        }
    }
}
