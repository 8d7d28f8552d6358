using System.Globalization;

namespace ECapture.Benchmarks.Query;

/// <summary>What processes cost, out of /proc.</summary>
internal static class ProcessCost
{
    /// <summary>Peak resident set in bytes; 0 when the process is gone.</summary>
    public static long Peak(int processId)
    {
        try
        {
            foreach (string line in File.ReadLines($"/proc/{processId}/status"))
            {
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (IOException)
        {
            return 0; // it ended between two looks
        }

        return 0;
    }

    /// <summary>Processor time so far in seconds, in steps of 10 ms; 0 when the process is gone.</summary>
    public static double CpuSeconds(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name may hold blanks
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
