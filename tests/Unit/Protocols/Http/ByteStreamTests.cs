using ECapture.Protocols.Http.Streams;

namespace ECapture.Tests.Unit.Protocols.Http;

public sealed class ByteStreamTests : IByteStreamSink
{
    private readonly List<string> _seen = [];

    void IByteStreamSink.OnBytes(long offset, ReadOnlySpan<byte> bytes, long ns) => _seen.Add($"{offset}+{bytes.Length}");

    void IByteStreamSink.OnGap(long offset, long length, long ns) => _seen.Add($"gap {offset}+{length}");

    void IByteStreamSink.OnEnd(long ns) => _seen.Add("end");

    [Fact]
    public void Feed_PieceStartsLater_DeclaresGap()
    {
        var stream = new ByteStream(this);
        stream.Feed(0, new byte[5], 1);
        stream.Feed(8, new byte[2], 2);
        stream.End(3);
        Assert.Equal(["0+5", "gap 5+3", "8+2", "end"], _seen);
        Assert.Equal(3, stream.MissingBytes);
        Assert.Equal(10, stream.Position);
    }

    [Fact]
    public void Feed_PieceRepeatsWhatWasSeen_OnlyNewBytesPass()
    {
        var stream = new ByteStream(this);
        stream.Feed(0, new byte[5], 1);
        stream.Feed(2, new byte[3], 1);
        stream.Feed(3, new byte[4], 1);
        Assert.Equal(["0+5", "5+2"], _seen);
        Assert.Equal(5, stream.RepeatedBytes);
    }

    [Fact]
    public void Feed_HostileOffsets_PositionNeverOverflows()
    {
        var stream = new ByteStream(this);
        stream.Feed(long.MinValue, new byte[3], 1);
        stream.Feed(long.MaxValue, new byte[3], 1);
        stream.Gap(long.MaxValue, 1);
        stream.Feed(long.MaxValue, new byte[3], 1);
        Assert.True(stream.Position > 0);
        Assert.Equal("0+3", _seen[0]);
    }

    [Fact]
    public void Feed_AfterEnd_IsIgnored()
    {
        var stream = new ByteStream(this);
        stream.End(1);
        stream.End(1);
        stream.Append(new byte[3], 2);
        Assert.Equal(["end"], _seen);
    }
}
