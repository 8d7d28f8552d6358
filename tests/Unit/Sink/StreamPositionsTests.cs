using ECapture.Sink.Delivery;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Unit.Sink;

public sealed class StreamPositionsTests
{
    private static readonly StreamKey Stream = new(1, 0);

    [Fact]
    public void TryAdvance_NotAboveTheLast_IsDropped()
    {
        StreamPositions positions = new(TimeProvider.System);

        Assert.True(positions.TryAdvance(Stream, 5, out ulong missing));
        Assert.Equal(0ul, missing); // nothing is known of what came before
        Assert.False(positions.TryAdvance(Stream, 5, out _));
        Assert.False(positions.TryAdvance(Stream, 4, out _));
        Assert.True(positions.TryAdvance(Stream, 9, out missing));
        Assert.Equal(3ul, missing);
        Assert.True(positions.TryAdvance(new StreamKey(1, 1), 0, out _)); // another stream
    }

    [Fact]
    public void Snapshot_StreamsUnseenForLong_AreForgotten()
    {
        SetClock clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        StreamPositions positions = new(clock);
        positions.TryAdvance(Stream, 5, out _);
        clock.Now += StreamPositions.MaxIdle - TimeSpan.FromMinutes(1);
        Assert.Single(positions.Snapshot());
        positions.TryAdvance(new StreamKey(2, 0), 1, out _);

        clock.Now += TimeSpan.FromMinutes(2);

        Assert.Equal(new StreamKey(2, 0), Assert.Single(positions.Snapshot()).Stream);
    }

    [Fact]
    public void Snapshot_TooMany_ForgetsThoseSeenLongestAgo()
    {
        SetClock clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        StreamPositions positions = new(clock);
        for (int i = 0; i < StreamPositions.MaxStreams + 10; i++)
        {
            clock.Now += TimeSpan.FromSeconds(1);
            positions.Load(positions.Snapshot());
            positions.TryAdvance(new StreamKey((UInt128)i, 0), 1, out _);
            i += i < StreamPositions.MaxStreams - 20 ? 99 : 0; // most of them at once would take long and show the same
        }

        for (int i = 0; i < StreamPositions.MaxStreams; i++)
        {
            positions.TryAdvance(new StreamKey((UInt128)(1_000_000 + i), 0), 1, out _);
        }

        StreamPosition[] snapshot = positions.Snapshot();

        Assert.Equal(StreamPositions.MaxStreams, snapshot.Length);
        Assert.DoesNotContain(snapshot, position => position.Stream.Run == 0);
    }
}
