using ECapture.Sink.DeadLetters;

namespace ECapture.Tests.Unit.Sink.DeadLetters;

public sealed class DeadLetterIdTests
{
    [Theory]
    [InlineData("tls/0/1234", "tls", 0, 1234L, null)]
    [InlineData("packet/7/9223372036854775807@kafka:a:9092,b:9092", "packet", 7, long.MaxValue, "kafka:a:9092,b:9092")]
    public void TryParse_TextForm_IsWhatToStringWrites(string text, string topic, int partition, long offset, string? log)
    {
        Assert.True(DeadLetterId.TryParse(text, out DeadLetterId? id));
        Assert.Equal(new DeadLetterId(topic, partition, offset, log), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("tls")]
    [InlineData("tls/0")]
    [InlineData("/0/1")]
    [InlineData("tls/-1/1")]
    [InlineData("tls/0/x")]
    [InlineData("tls/0/1/2")]
    public void TryParse_SomethingElse_False(string text) => Assert.False(DeadLetterId.TryParse(text, out _));

    [Fact]
    public void HexDump_Bytes_AreShownWithOffsetAndCharacters()
    {
        string[] lines = [.. HexDump.Lines([.. "GET / HTTP/1.1\r\n"u8, 0x1b, (byte)'x'])];

        Assert.Equal("00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|", lines[0]);
        Assert.StartsWith("00000010  1b 78 ", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("|.x|", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void HexDump_LongRecord_ShowsItsBeginningAndSaysHowMuchIsLeft()
    {
        string[] lines = [.. HexDump.Lines(new byte[5000])];

        Assert.Equal(257, lines.Length);
        Assert.Contains("904 more bytes", lines[^1], StringComparison.Ordinal);
    }
}
