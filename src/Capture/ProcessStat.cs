using System.Globalization;

namespace ECapture.Capture;

/// <summary>A line of <c>/proc/PID/stat</c> (proc_pid_stat(5)), as far as it is used.</summary>
/// <param name="Name">The first thread's name.</param>
/// <param name="Parent">Process id of the parent.</param>
/// <param name="Session">POSIX session id.</param>
/// <param name="Terminal">Device number of the controlling terminal; 0: none.</param>
/// <param name="Flags">The kernel's flags.</param>
/// <param name="StartTicks">Clock ticks since boot when it began.</param>
internal sealed record ProcessStat(string Name, uint Parent, uint Session, int Terminal, uint Flags, long StartTicks)
{
    private const uint KernelThread = 0x00200000; // PF_KTHREAD
    private const ulong TickNs = 10_000_000; // USER_HZ is 100 everywhere

    /// <summary>True for the kernel's own threads.</summary>
    internal bool IsOfKernel => (Flags & KernelThread) != 0;

    /// <summary>CLOCK_BOOTTIME at the start, nanoseconds, cut to a clock tick.</summary>
    internal ulong StartNs => (ulong)StartTicks * TickNs;

    /// <summary>True when this can be the process that began then: what BPF programs say is exact, or cut likewise.</summary>
    internal bool IsOf(ulong startNs) => Math.Abs((long)(startNs / TickNs) - StartTicks) <= 1;

    /// <summary>Reads it; null: there is no such process.</summary>
    internal static ProcessStat? Read(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (IOException)
        {
            return null; // it is gone
        }
    }

    /// <summary>Reads a line.</summary>
    internal static ProcessStat Parse(string line)
    {
        int nameEnd = line.LastIndexOf(')'); // field 2 is a name in parentheses that may hold anything
        string name = line[(line.IndexOf('(', StringComparison.Ordinal) + 1)..nameEnd];
        string[] fields = line[(nameEnd + 2)..].Split(' ');
        string Field(int number) => fields[number - 3];
        return new ProcessStat(
            name,
            uint.Parse(Field(4), CultureInfo.InvariantCulture),
            (uint)int.Parse(Field(6), CultureInfo.InvariantCulture),
            int.Parse(Field(7), CultureInfo.InvariantCulture),
            uint.Parse(Field(9), CultureInfo.InvariantCulture),
            long.Parse(Field(22), CultureInfo.InvariantCulture));
    }
}
