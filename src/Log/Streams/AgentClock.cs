using System.Runtime.InteropServices;

namespace ECapture.Log.Streams;

/// <summary>
/// Turns CLOCK_BOOTTIME into wall-clock time. The offset is measured again from time to time; between measurements it holds.
/// </summary>
public sealed partial class AgentClock
{
    private const long StepNs = 100_000_000;
    private readonly Func<ulong> _boot;
    private readonly Func<ulong> _wall;

    /// <summary>A clock over the kernel's clocks.</summary>
    public AgentClock()
        : this(() => Read(BootTime), () => Read(RealTime))
    {
    }

    /// <summary>A clock over given clocks, both in nanoseconds.</summary>
    public AgentClock(Func<ulong> boot, Func<ulong> wall)
    {
        _boot = boot;
        _wall = wall;
        OffsetNs = MeasureOffset();
    }

    /// <summary>Wall time minus boot time, nanoseconds.</summary>
    public long OffsetNs { get; private set; }

    /// <summary>CLOCK_BOOTTIME now, nanoseconds.</summary>
    public ulong BootNs => _boot();

    /// <summary>Nanoseconds of the Unix epoch at a boot time.</summary>
    public ulong ToWall(ulong bootNs) => bootNs + (ulong)OffsetNs;

    /// <summary>Measures the offset again.</summary>
    /// <returns>By how much the wall clock was stepped, nanoseconds; 0 when it was not (differences up to 100 ms are slewing).</returns>
    public long Measure()
    {
        long before = OffsetNs;
        OffsetNs = MeasureOffset();
        long change = OffsetNs - before;
        return Math.Abs(change) > StepNs ? change : 0;
    }

    private const int RealTime = 0;
    private const int BootTime = 7;

    // The reading between two boot times that lie closest together: a preempted thread would measure its own delay.
    private long MeasureOffset()
    {
        const int Tries = 5;
        ulong best = ulong.MaxValue;
        long offset = 0;
        for (int i = 0; i < Tries; i++)
        {
            ulong first = _boot();
            ulong wall = _wall();
            ulong second = _boot();
            if (second - first < best)
            {
                best = second - first;
                offset = (long)(wall - first - (best / 2));
            }
        }

        return offset;
    }

    private static ulong Read(int clock)
    {
        if (clock_gettime(clock, out Timespec time) != 0)
        {
            throw new LogException($"the kernel has no clock {clock}: {Marshal.GetLastPInvokeErrorMessage()}", isTransient: false);
        }

        return ((ulong)time.Seconds * 1_000_000_000) + (ulong)time.Nanoseconds;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}
