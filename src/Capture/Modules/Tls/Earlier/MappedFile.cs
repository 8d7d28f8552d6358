using System.Globalization;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>Where a process has things in its memory (proc(5), /proc/PID/maps).</summary>
internal static class MappedFile
{
    /// <summary>From the first to the last byte of a file in a process.</summary>
    /// <returns>False: the process does not have it, or ended.</returns>
    internal static bool TryFind(int pid, FileIdentity file, out ulong start, out ulong end)
    {
        start = ulong.MaxValue;
        end = 0;
        string? path = null;
        foreach (string line in Lines(pid))
        {
            if (ProcessLibraries.TryParse(line, out ReadOnlySpan<char> range, out ReadOnlySpan<char> found)
                && FileIdentity.TryRead($"/proc/{pid}/map_files/{range}", out FileIdentity identity) && identity == file)
            {
                path = found.ToString();
                break;
            }
        }

        if (path is null)
        {
            return false;
        }

        // Its data stand beside its instructions, in mappings of the same name.
        foreach (string line in Lines(pid))
        {
            if (line.EndsWith(path, StringComparison.Ordinal) && TryParse(line, out ulong from, out ulong to))
            {
                start = Math.Min(start, from);
                end = Math.Max(end, to);
            }
        }

        return start < end;
    }

    /// <summary>The memory that a process writes and that is no file's: heaps, stacks, what it mapped for itself.</summary>
    internal static IEnumerable<(ulong Start, ulong End)> Writable(int pid)
    {
        foreach (string line in Lines(pid))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && line.AsSpan(space + 1).StartsWith("rw-p", StringComparison.Ordinal) && !line.Contains('/', StringComparison.Ordinal)
                && TryParse(line, out ulong start, out ulong end))
            {
                yield return (start, end);
            }
        }
    }

    private static bool TryParse(string line, out ulong start, out ulong end)
    {
        end = 0;
        int dash = line.IndexOf('-', StringComparison.Ordinal);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return ulong.TryParse(line.AsSpan(0, Math.Max(0, dash)), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out start) && space > dash
            && ulong.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out end);
    }

    private static string[] Lines(int pid)
    {
        try
        {
            return File.ReadAllLines($"/proc/{pid}/maps");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it ended
        }
    }
}
