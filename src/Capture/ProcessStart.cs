namespace ECapture.Capture;

/// <summary>When a process began: with it, a process id means one process for ever.</summary>
public static class ProcessStart
{
    /// <summary>Nanoseconds of CLOCK_BOOTTIME, of a clock of 10 ms; null: there is no such process.</summary>
    internal static ulong? NanosecondsOf(int pid)
    {
        const ulong PerTick = 10_000_000; // USER_HZ is 100 on every platform that has .NET
        return (ulong?)Of(pid) * PerTick;
    }

    /// <summary>Clock ticks since boot (proc_pid_stat(5), field 22); null: there is no such process.</summary>
    public static long? Of(int pid) => ProcessStat.Read(pid)?.StartTicks;
}
