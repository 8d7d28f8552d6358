using System.Globalization;

namespace ECapture.Benchmarks.Sink;

/// <summary>Processor time of processes (/proc/PID/stat).</summary>
internal static class CpuTime
{
    private const double TicksPerSecond = 100;

    /// <summary>Of this process alone: the engines are its children.</summary>
    public static double OwnSeconds => System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;

    /// <summary>Most resident memory of this process so far, bytes.</summary>
    public static long PeakRss
    {
        get
        {
            string line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
        }
    }

    /// <summary>Of a server and its children, the ended ones, too.</summary>
    public static double SecondsOf(int pid)
    {
        double seconds = Read(pid, out _);
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int child))
            {
                double childSeconds = Read(child, out int parent);
                seconds += parent == pid ? childSeconds : 0;
            }
        }

        return seconds;
    }

    private static double Read(int pid, out int parent)
    {
        parent = 0;
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException)
        {
            return 0; // ended in between: its parent accounts for it
        }

        // Behind the name in parentheses: state, parent, …; utime, stime, cutime, cstime are fields 14 to 17 of all.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
        return fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
