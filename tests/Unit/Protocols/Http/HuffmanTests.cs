using System.Text;
using ECapture.Protocols.Http.Http2;

namespace ECapture.Tests.Unit.Protocols.Http;

/// <summary>RFC 7541 appendix B.</summary>
public sealed class HuffmanTests
{
    [Fact]
    public void Code_AllSymbols_FillTheCodeSpaceExactly() =>
        Assert.Equal(1L << 30, Enumerable.Range(0, 257).Sum(static symbol => 1L << (30 - Huffman.Code(symbol).Bits)));

    [Theory]
    [InlineData('0', 0x0, 5)]
    [InlineData('a', 0x3, 5)]
    [InlineData(' ', 0x14, 6)]
    [InlineData(':', 0x5c, 7)]
    [InlineData('Z', 0xfd, 8)]
    [InlineData('!', 0x3f8, 10)]
    [InlineData('|', 0x7fc, 11)]
    [InlineData('#', 0xffa, 12)]
    [InlineData('~', 0x1ffd, 13)]
    [InlineData('}', 0x3ffd, 14)]
    [InlineData('{', 0x7ffe, 15)]
    [InlineData('\\', 0x7fff0, 19)]
    [InlineData(128, 0xfffe6, 20)]
    [InlineData(153, 0x1fffdc, 21)]
    [InlineData(129, 0x3fffd2, 22)]
    [InlineData(1, 0x7fffd8, 23)]
    [InlineData(9, 0xffffea, 24)]
    [InlineData(199, 0x1ffffec, 25)]
    [InlineData(192, 0x3ffffe0, 26)]
    [InlineData(255, 0x3ffffee, 26)]
    [InlineData(203, 0x7ffffde, 27)]
    [InlineData(254, 0x7fffff0, 27)]
    [InlineData(127, 0xffffffc, 28)]
    [InlineData(249, 0xffffffe, 28)]
    [InlineData(10, 0x3ffffffc, 30)]
    [InlineData(256, 0x3fffffff, 30)]
    public void Code_Symbol_IsThatOfTheTable(int symbol, int code, int bits) => Assert.Equal((code, bits), Huffman.Code(symbol));

    [Fact]
    public void Decode_EverySymbolBesideEveryOther_GivesThemBack()
    {
        for (int first = 0; first < 256; first++)
        {
            byte[] text = [.. Enumerable.Range(0, 256).SelectMany(i => new[] { (byte)first, (byte)i })];
            byte[] coded = Encode(text);
            byte[] decoded = new byte[Huffman.MaxDecodedLength(coded.Length)];
            Assert.True(Huffman.TryDecode(coded, decoded, out int length));
            Assert.Equal(text, decoded.AsSpan(0, length).ToArray());
        }
    }

    [Theory]
    [InlineData("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com")]
    [InlineData("a8eb10649cbf", "no-cache")]
    [InlineData("", "")]
    public void Decode_ExamplesOfTheSpecification_GiveTheText(string hex, string text)
    {
        byte[] decoded = new byte[64];
        Assert.True(Huffman.TryDecode(Convert.FromHexString(hex), decoded, out int length));
        Assert.Equal(text, Encoding.ASCII.GetString(decoded, 0, length));
    }

    [Theory]
    [InlineData("ff", "eight bits of padding")]
    [InlineData("07ff", "one symbol and 11 bits of padding")]
    [InlineData("18", "padding of zeros")]
    [InlineData("fffffffc", "the end-of-string symbol")]
    public void Decode_WrongEnd_IsRefused(string hex, string why) =>
        Assert.False(Huffman.TryDecode(Convert.FromHexString(hex), new byte[64], out _), why);

    private static byte[] Encode(byte[] text)
    {
        var bits = new StringBuilder();
        foreach (byte b in text)
        {
            (int code, int length) = Huffman.Code(b);
            bits.Append(Convert.ToString(code, 2).PadLeft(length, '0'));
        }

        bits.Append('1', (8 - bits.Length % 8) % 8);
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2))];
    }
}
