using System.Security.Cryptography;
using System.Text;
using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Protocols;

public sealed class ClientHelloTests
{
    private static readonly byte[] s_random = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public void TryParse_WithServerName_RandomAndName()
    {
        Assert.True(ClientHello.TryParse(Hello("www.example"), out ClientHello hello));
        Assert.Equal(s_random, hello.Random.ToArray());
        Assert.Equal("www.example", Encoding.ASCII.GetString(hello.ServerName));
    }

    [Fact]
    public void TryParse_WithoutServerName_RandomOnly()
    {
        Assert.True(ClientHello.TryParse(Hello(null), out ClientHello hello));
        Assert.Equal(s_random, hello.Random.ToArray());
        Assert.True(hello.ServerName.IsEmpty);
    }

    [Fact]
    public void TryParse_CutAnywhere_RandomOnceItIsThereAndNameOnlyWhole()
    {
        byte[] whole = Hello("www.example");
        for (int length = 0; length <= whole.Length; length++)
        {
            bool parsed = ClientHello.TryParse(whole.AsSpan(0, length), out ClientHello hello);
            Assert.Equal(length >= 43, parsed);
            Assert.True(hello.ServerName.IsEmpty || Encoding.ASCII.GetString(hello.ServerName) == "www.example");
        }
    }

    [Theory]
    [InlineData(0, 0x17)] // application data
    [InlineData(1, 2)]    // not TLS
    [InlineData(5, 2)]    // ServerHello
    [InlineData(9, 0xfe)] // DTLS
    public void TryParse_AnotherMessage_False(int at, byte value)
    {
        byte[] bytes = Hello("www.example");
        bytes[at] = value;
        Assert.False(ClientHello.TryParse(bytes, out _));
    }

    [Fact]
    public void TryParse_RandomChangesAndNoise_NeverThrowsNorReadsOutside()
    {
        Random random = new(7);
        byte[] whole = Hello("www.example");
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = i % 4 == 0 ? new byte[random.Next(200)] : [.. whole];
            if (i % 4 == 0)
            {
                random.NextBytes(bytes);
            }

            for (int change = random.Next(4); change > 0 && bytes.Length > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            if (ClientHello.TryParse(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out ClientHello hello))
            {
                Assert.Equal(32, hello.Random.Length);
                Assert.True(hello.ServerName.Length < bytes.Length);
            }
        }
    }

    private static byte[] Hello(string? serverName)
    {
        List<byte> body = [3, 3, .. s_random, 32, .. RandomNumberGenerator.GetBytes(32), 0, 4, 0x13, 1, 0x13, 2, 1, 0];
        List<byte> extensions = [0, 43, 0, 3, 2, 3, 4];
        if (serverName is not null)
        {
            byte[] name = Encoding.ASCII.GetBytes(serverName);
            extensions.AddRange([0, 0, .. Length(name.Length + 5), .. Length(name.Length + 3), 0, .. Length(name.Length), .. name]);
        }

        body.AddRange([.. Length(extensions.Count), .. extensions]);
        return [0x16, 3, 1, .. Length(body.Count + 4), 1, 0, .. Length(body.Count), .. body];
    }

    private static byte[] Length(int length) => [(byte)(length >> 8), (byte)length];
}
