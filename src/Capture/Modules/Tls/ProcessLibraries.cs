namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Finds the TLS libraries that running processes have mapped, whatever their mount namespace, also ones that were deleted since. New processes
/// are looked at once a second; those that were seen less and less often, up to a minute, because a process may load a library at any time.
/// </summary>
/// <param name="isLibraryName">Tells libraries by their file names.</param>
/// <param name="isExtra">Tells those that the user named.</param>
/// <param name="other">Receives every other file whose instructions a process has mapped, once; false: it shall be offered again. Null: nobody asks.</param>
internal sealed class ProcessLibraries(TlsApi.FileNameTest isLibraryName, Func<ReadOnlySpan<char>, bool> isExtra, Func<LibraryFile, bool>? other = null)
{
    private const ulong Second = 1_000_000_000;
    private const ulong LongestPause = 60 * Second;
    private const int MostOthers = 32 * 1024;

    private readonly Dictionary<int, Pause> _processes = [];
    private readonly HashSet<int> _excluded = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _others = new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Leaves a process out.</summary>
    internal void Exclude(int pid) => _excluded.Add(pid);

    /// <summary>Looks at the processes whose turn it is.</summary>
    /// <param name="bootNs">CLOCK_BOOTTIME now, nanoseconds.</param>
    /// <param name="all">At every process.</param>
    internal IReadOnlyCollection<LibraryFile> Find(ulong bootNs, bool all)
    {
        Dictionary<FileIdentity, LibraryFile> found = [];
        HashSet<int> alive = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder.AsSpan()), out int pid) || _excluded.Contains(pid))
            {
                continue;
            }

            alive.Add(pid);
            Pause pause = _processes.GetValueOrDefault(pid, new Pause(0, 0));
            if (all || bootNs >= pause.Until)
            {
                ulong length = Math.Clamp(pause.Length * 2, Second, LongestPause);
                _processes[pid] = new Pause(bootNs + length, length);
                AddMapped(pid, found);
            }
        }

        foreach (int gone in _processes.Keys.Where(p => !alive.Contains(p)).ToArray())
        {
            _processes.Remove(gone);
        }

        return found.Values;
    }

    private void AddMapped(int pid, Dictionary<FileIdentity, LibraryFile> found)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines($"/proc/{pid}/maps");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // it ended, or is a kernel thread, or another's that may not be looked at: nothing is mapped there for us
        }

        foreach (string line in lines)
        {
            if (!TryParse(line, out ReadOnlySpan<char> range, out ReadOnlySpan<char> path))
            {
                continue;
            }

            bool isLibrary = isLibraryName(Path.GetFileName(path)) || isExtra(path);
            if (!isLibrary && (other is null || !IsNewOther(line)))
            {
                continue;
            }

            // Leads to the mapped inode itself.
            string access = $"/proc/{pid}/map_files/{range}";
            if (!FileIdentity.TryRead(access, out FileIdentity identity))
            {
                continue;
            }

            LibraryFile file = new(identity, access, path.ToString(), pid);
            if (isLibrary)
            {
                found.TryAdd(identity, file);
            }
            else if (!other!(file))
            {
                _others.Remove(EndOf(line));
            }
        }
    }

    // Device, inode and path, which are the end of the line, from the fourth field on.
    private static ReadOnlySpan<char> EndOf(string line)
    {
        ReadOnlySpan<char> rest = line;
        const int FieldsBefore = 3;
        for (int i = 0; i < FieldsBefore; i++)
        {
            rest = rest[(rest.IndexOf(' ') + 1)..];
        }

        return rest;
    }

    private bool IsNewOther(string line)
    {
        if (_others.Set.Count >= MostOthers)
        {
            _others.Set.Clear();
        }

        return _others.Add(EndOf(line));
    }

    /// <summary>Reads a line of /proc/PID/maps (proc(5)) that maps instructions of a file.</summary>
    /// <param name="line">The line.</param>
    /// <param name="range">The addresses as <c>map_files</c> writes them: without leading zeros.</param>
    /// <param name="path">The file.</param>
    internal static bool TryParse(string line, out ReadOnlySpan<char> range, out ReadOnlySpan<char> path)
    {
        range = default;
        path = default;
        int slash = line.IndexOf('/', StringComparison.Ordinal);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (slash < 0 || space < 0 || space + 4 >= line.Length || line[space + 3] != 'x')
        {
            return false;
        }

        ReadOnlySpan<char> addresses = line.AsSpan(0, space);
        int dash = addresses.IndexOf('-');
        if (dash <= 0)
        {
            return false;
        }

        ReadOnlySpan<char> start = addresses[..dash].TrimStart('0');
        ReadOnlySpan<char> end = addresses[(dash + 1)..].TrimStart('0');
        range = start.Length == dash && end.Length == addresses.Length - dash - 1
            ? addresses
            : $"{(start.IsEmpty ? "0" : start)}-{(end.IsEmpty ? "0" : end)}";
        path = line.AsSpan(slash);
        const string Deleted = " (deleted)";
        if (path.EndsWith(Deleted, StringComparison.Ordinal))
        {
            path = path[..^Deleted.Length];
        }

        return true;
    }

    private readonly record struct Pause(ulong Until, ulong Length);
}
