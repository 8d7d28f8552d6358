using System.Text;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.Http2;

namespace ECapture.Tests.Unit.Protocols.Http;

/// <summary>RFC 7541, appendix C among others.</summary>
public sealed class HpackDecoderTests : IHeaderSink
{
    private readonly List<string> _fields = [];

    void IHeaderSink.OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags) =>
        _fields.Add($"{Encoding.Latin1.GetString(name)}: {Encoding.Latin1.GetString(value)}{(flags == 0 ? "" : $" [{flags}]")}");

    [Theory]
    [InlineData("0a", 5, 10)]
    [InlineData("1f9a0a", 5, 1337)]
    [InlineData("2a", 8, 42)]
    public void TryReadInteger_Examples_C1(string hex, int prefix, int expected)
    {
        ReadOnlySpan<byte> bytes = Convert.FromHexString(hex);
        Assert.True(HpackDecoder.TryReadInteger(ref bytes, prefix, out int value));
        Assert.Equal(expected, value);
        Assert.True(bytes.IsEmpty);
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("1f", "no continuation")]
    [InlineData("1f8080808080", "no end")]
    [InlineData("1fffffffffff01", "above 2^31")]
    [InlineData("1fe1ffffff07", "2^31")]
    public void TryReadInteger_NotANumberHere_IsRefused(string hex, string why)
    {
        ReadOnlySpan<byte> bytes = Convert.FromHexString(hex);
        Assert.False(HpackDecoder.TryReadInteger(ref bytes, 5, out _), why);
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header", 55)]
    [InlineData("040c2f73616d706c652f70617468", ":path: /sample/path", 0)]
    [InlineData("100870617373776f726406736563726574", "password: secret [NeverIndexed]", 0)]
    [InlineData("82", ":method: GET", 0)]
    public void Decode_SingleFields_C2(string hex, string field, int tableSize)
    {
        var decoder = new HpackDecoder();
        Assert.True(decoder.Decode(Convert.FromHexString(hex), this));
        Assert.Equal([field], _fields);
        Assert.Equal(tableSize, decoder.TableSize);
    }

    [Theory]
    [InlineData("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")]
    [InlineData("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")]
    public void Decode_Requests_C3AndC4(string first, string second, string third)
    {
        var decoder = new HpackDecoder();
        Assert.Equal([":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"], Fields(decoder, first));
        Assert.Equal(57, decoder.TableSize);
        Assert.Equal([":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"], Fields(decoder, second));
        Assert.Equal(110, decoder.TableSize);
        Assert.Equal([":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"], Fields(decoder, third));
        Assert.Equal(164, decoder.TableSize);
    }

    [Theory]
    [InlineData(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31")]
    [InlineData(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")]
    public void Decode_ResponsesWithATableOf256Bytes_C5AndC6(string first, string second, string third)
    {
        var decoder = new HpackDecoder();
        Assert.True(decoder.Decode([0x3f, 0xe1, 0x01], this)); // the table is set to 256 bytes
        const string date = "date: Mon, 21 Oct 2013 20:13:2";
        Assert.Equal([":status: 302", "cache-control: private", date + "1 GMT", "location: https://www.example.com"], Fields(decoder, first));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal([":status: 307", "cache-control: private", date + "1 GMT", "location: https://www.example.com"], Fields(decoder, second));
        Assert.Equal(222, decoder.TableSize);
        Assert.Equal(
            [
                ":status: 200", "cache-control: private", date + "2 GMT", "location: https://www.example.com", "content-encoding: gzip",
                "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            ],
            Fields(decoder, third));
        Assert.Equal((215, 3), (decoder.TableSize, decoder.TableCount));
    }

    [Theory]
    [InlineData("80", "index 0")]
    [InlineData("be", "an entry that was never added")]
    [InlineData("7e0161", "a name that was never added")]
    [InlineData("400561", "a string beyond the end")]
    [InlineData("4081ff0161", "a Huffman string that is none")]
    [InlineData("ffffffffffff7f", "an index without bounds")]
    public void Decode_BrokenBlock_IsRefused(string hex, string why) => Assert.False(new HpackDecoder().Decode(Convert.FromHexString(hex), this), why);

    [Fact]
    public void Decode_StartsInTheMiddle_UnknownEntriesAreNotGuessed()
    {
        var decoder = new HpackDecoder(startsInMiddle: true);
        Assert.Equal([":method: GET", ":  [NameUnknown, ValueUnknown]"], Fields(decoder, "82c5").Select(static f => f.Replace(": [", ":  [", StringComparison.Ordinal)));
        Assert.Equal(["a: b"], Fields(decoder, "4001610162"));
        Assert.Equal(["a: b", ": c [NameUnknown]"], Fields(decoder, "be7f0001" + "63"));
        Assert.Equal([": c [NameUnknown]", "a: b", ":  [NameUnknown, ValueUnknown]"], Fields(decoder, "bebfc0").Select(static f => f));
    }

    [Fact]
    public void Decode_TableEmptiedByTheSender_EverythingIsKnownAgain()
    {
        var decoder = new HpackDecoder(startsInMiddle: true);
        Assert.True(decoder.Decode([0x20, 0x3f, 0xe1, 0x1f], this)); // size 0, then 4096
        Assert.False(decoder.Decode([0xbe], this));
    }

    [Fact]
    public void Decode_SenderUsesMoreThanIsKept_OldEntriesAreUnknownNotWrong()
    {
        var decoder = new HpackDecoder(4096);
        Assert.True(decoder.Decode([0x3f, 0xe1, 0xff, 0x03], this)); // 65,536 bytes
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal([$"name-{i:D3}: {new string('v', 100)}"], Fields(decoder, "4008" + Hex($"name-{i:D3}") + "64" + Hex(new string('v', 100))));
        }

        Assert.InRange(decoder.TableSize, 1, 4096);
        Assert.Equal([$"name-099: {new string('v', 100)}", ":  [NameUnknown, ValueUnknown]"], Fields(decoder, "be" + "ff00"));
    }

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));

    private string[] Fields(HpackDecoder decoder, string hex)
    {
        _fields.Clear();
        Assert.True(decoder.Decode(Convert.FromHexString(hex), this));
        return [.. _fields];
    }
}
