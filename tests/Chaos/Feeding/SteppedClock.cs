using System.Diagnostics;
using ECapture.Log.Streams;

namespace ECapture.Tests.Chaos.Feeding;

/// <summary>The agent's clock over a wall clock that somebody steps.</summary>
internal sealed class SteppedClock
{
    private long _offsetNs;

    public SteppedClock() => Agent = new AgentClock(
        static () => (ulong)Stopwatch.GetTimestamp(), // nanoseconds on Linux
        () => (ulong)((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100 + Volatile.Read(ref _offsetNs)));

    /// <summary>What the publisher uses.</summary>
    public AgentClock Agent { get; }

    /// <summary>Steps the wall clock.</summary>
    public void Step(long nanoseconds) => Interlocked.Add(ref _offsetNs, nanoseconds);
}
