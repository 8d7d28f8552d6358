using ECapture.Log.Streams;

namespace ECapture.Tests.Unit.Capture.Publishing;

public sealed class AgentClockTests
{
    private ulong _boot = 1_000_000_000;
    private ulong _wall = 1_700_000_000_000_000_000;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50_000_000, 0)]
    [InlineData(-50_000_000, 0)]
    [InlineData(3_000_000_000, 3_000_000_000)]
    [InlineData(-3_000_000_000, -3_000_000_000)]
    public void Measure_WallClockMoved_StepAbove100Ms(long moved, long step)
    {
        AgentClock clock = new(() => _boot, () => _wall);
        _boot += 2_000_000_000;
        _wall += (ulong)(2_000_000_000 + moved);
        Assert.Equal(step, clock.Measure());
        Assert.Equal(_wall, clock.ToWall(_boot));
    }

    [Fact]
    public void Measure_ThreadDelayedBetweenReadings_NoStep()
    {
        int readings = 0;
        AgentClock clock = new(() => _boot += ++readings is 3 or 7 ? 500_000_000UL : 100, () => _wall + _boot);
        readings = 0;
        Assert.Equal(0, clock.Measure());
    }

    [Fact]
    public void BootNs_OfTheKernel_RisesAndWallIsNow()
    {
        AgentClock clock = new();
        ulong first = clock.BootNs;
        Assert.True(clock.BootNs >= first);
        ulong now = (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        Assert.InRange(clock.ToWall(clock.BootNs) / 1_000_000, now - 1000, now + 1000);
    }
}
