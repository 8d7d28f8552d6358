using System.Security.Cryptography;
using ECapture.Log.Streams;

namespace ECapture.Tests.Unit.Log;

public sealed class DirectSha256Tests
{
    [Fact]
    public void Hash_TextsOfEveryLengthAroundItsBlocks_IsWhatDotnetComputes()
    {
        Assert.True(DirectSha256.IsDirect, "this machine's OpenSSL has no SHA256_Init: what is compared here would be .NET with itself");
        byte[] text = new byte[100_000];
        new Random(3).NextBytes(text);
        byte[] digest = new byte[SHA256.HashSizeInBytes];
        foreach (int length in (int[])[.. Enumerable.Range(0, 300), 4096, 16_384, text.Length])
        {
            DirectSha256.Hash(text.AsSpan(0, length), digest);
            Assert.Equal(SHA256.HashData(text.AsSpan(0, length)), digest);
        }
    }

    [Fact]
    public void Hash_OverItsOwnText_IsTheDigestOfWhatStoodThere()
    {
        byte[] text = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];
        byte[] expected = SHA256.HashData(text);
        DirectSha256.Hash(text, text);
        Assert.Equal(expected, text[..SHA256.HashSizeInBytes]);
    }

    [Fact]
    public void Hash_NoRoomForTheDigest_Throws() => Assert.Throws<ArgumentException>(() => DirectSha256.Hash([], new byte[31]));
}
