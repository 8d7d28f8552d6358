using ECapture.Protocols.Tls;

namespace ECapture.Tests.Unit.Protocols.Tls;

public sealed class RecordWalkTests
{
    private readonly RecordWalk _walk = new();

    [Fact]
    public void Feed_SegmentsThatCutRecordsAnywhere_CountsEveryRecord()
    {
        byte[] stream = [.. Record(30), .. Record(100), .. Record(40), .. Record(50)];
        for (int size = 1; size < 60; size++)
        {
            RecordWalk walk = new();
            walk.Feed(uint.MaxValue - 20, stream.AsSpan(0, 40)); // the numbers wrap around
            for (int at = 40; at < stream.Length; at += size)
            {
                walk.Feed(uint.MaxValue - 20 + (uint)at, stream.AsSpan(at, Math.Min(size, stream.Length - at)));
            }

            Assert.Equal(4ul, walk.Count);
            Assert.Equal(uint.MaxValue - 20, walk.Start);
        }
    }

    [Fact]
    public void Feed_BeginsInsideARecord_StartsWithTheNextSegmentThatBeginsWithOne()
    {
        _walk.Feed(100, new byte[50]);
        Assert.False(_walk.IsStarted);

        _walk.Feed(150, Record(60));
        _walk.Feed(215, Record(70));

        Assert.Equal(150u, _walk.Start);
        Assert.Equal(2ul, _walk.Count);
        Assert.Equal(1ul, _walk.SampleIndex);
        Assert.Equal(Record(70), _walk.Sample.ToArray());
    }

    [Fact]
    public void Feed_SentAgain_CountsOnce()
    {
        byte[] two = [.. Record(30), .. Record(40)];
        _walk.Feed(10, two);
        _walk.Feed(10, two);
        _walk.Feed(45, [.. Record(40), .. Record(50)]);

        Assert.Equal(3ul, _walk.Count);
        Assert.Equal(2ul, _walk.SampleIndex);
    }

    [Fact]
    public void Feed_SegmentMissing_BeginsAgain()
    {
        _walk.Feed(10, Record(30));
        _walk.Feed(500, Record(40));

        Assert.Equal(500u, _walk.Start);
        Assert.Equal(1ul, _walk.Count);
        Assert.Equal(0ul, _walk.SampleIndex);
    }

    [Fact]
    public void Feed_NoRecordWhereOneShouldBegin_ForgetsWhatItBeganWith()
    {
        _walk.Feed(10, [.. Record(30), .. "HTTP/1.1 200 OK"u8]);

        Assert.False(_walk.IsStarted);
    }

    [Fact]
    public void Feed_AnyBytes_NeverFails()
    {
        Random random = new(7);
        byte[] bytes = new byte[300];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                Record(random.Next(17, 250)).CopyTo(bytes, 0);
            }

            _walk.Feed((uint)random.Next(1000), bytes.AsSpan(0, random.Next(bytes.Length)));
            Assert.True(_walk.Sample.Length <= bytes.Length);
        }
    }

    private static byte[] Record(int body) => [23, 3, 3, (byte)(body >> 8), (byte)body, .. Enumerable.Repeat((byte)body, body)];
}
