using System.Globalization;

namespace ECapture.Capture.Modules.Bash;

/// <summary>Where shells may be: /etc/shells, the usual folders, the search path, and the processes that run.</summary>
internal static class ShellSearch
{
    /// <summary>Program files on disk.</summary>
    internal static IEnumerable<string> OnDisk()
    {
        IEnumerable<string> folders = ["/bin", "/usr/bin", "/usr/local/bin", .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        IEnumerable<string> named = folders
            .Where(f => f.StartsWith('/'))
            .SelectMany(f => ShellKinds.Names.Select(n => Path.Combine(f, n)));
        return Listed().Concat(named).Where(File.Exists).Select(Resolve).Where(p => ShellKinds.Of(p) != 0).Distinct();
    }

    /// <summary>Ids and program files (as their own namespace names them) of the processes that run now.</summary>
    internal static IEnumerable<(uint Pid, string Path)> Running()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (uint.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out uint pid)
                && ProgramOf(pid) is { } path)
            {
                yield return (pid, path);
            }
        }
    }

    /// <summary>The program that a process runs; null: it ended, or is the kernel's.</summary>
    internal static string? ProgramOf(uint pid)
    {
        const string Deleted = " (deleted)";
        try
        {
            string? target = new FileInfo($"/proc/{pid}/exe").LinkTarget;
            return target is not null && target.EndsWith(Deleted, StringComparison.Ordinal) ? target[..^Deleted.Length] : target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Listed()
    {
        const string List = "/etc/shells";
        return File.Exists(List) ? File.ReadAllLines(List).Where(l => l.StartsWith('/')) : [];
    }

    private static string Resolve(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
}
