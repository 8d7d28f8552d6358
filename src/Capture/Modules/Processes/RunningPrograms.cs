using System.Globalization;

namespace ECapture.Capture.Modules.Processes;

/// <summary>The processes that run now, and their program files as their own mount namespaces name them.</summary>
internal static class RunningPrograms
{
    /// <summary>All that can be seen, without those of the kernel.</summary>
    internal static IEnumerable<(uint Pid, string Path)> List()
    {
        foreach (int pid in Pids())
        {
            if (PathOf((uint)pid) is { } path)
            {
                yield return ((uint)pid, path);
            }
        }
    }

    /// <summary>All that there are, those of the kernel too.</summary>
    internal static IEnumerable<int> Pids()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                yield return pid;
            }
        }
    }

    /// <summary>The program that a process runs; null: it ended, or is the kernel's.</summary>
    internal static string? PathOf(uint pid) => LinkOf($"/proc/{pid}/exe");

    /// <summary>The file that a link in /proc names; null: its process ended, or is the kernel's.</summary>
    internal static string? LinkOf(string link)
    {
        const string Deleted = " (deleted)";
        try
        {
            string? target = new FileInfo(link).LinkTarget;
            return target is not null && target.EndsWith(Deleted, StringComparison.Ordinal) ? target[..^Deleted.Length] : target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended
        }
    }
}
