using System.Globalization;

namespace ECapture.Capture.Modules.Processes;

/// <summary>The processes that run now, and their program files as their own mount namespaces name them.</summary>
internal static class RunningPrograms
{
    /// <summary>All that can be seen, without those of the kernel.</summary>
    internal static IEnumerable<(uint Pid, string Path)> List()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (uint.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out uint pid)
                && PathOf(pid) is { } path)
            {
                yield return (pid, path);
            }
        }
    }

    /// <summary>The program that a process runs; null: it ended, or is the kernel's.</summary>
    internal static string? PathOf(uint pid)
    {
        const string Deleted = " (deleted)";
        try
        {
            string? target = new FileInfo($"/proc/{pid}/exe").LinkTarget;
            return target is not null && target.EndsWith(Deleted, StringComparison.Ordinal) ? target[..^Deleted.Length] : target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended
        }
    }
}
