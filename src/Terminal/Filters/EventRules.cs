namespace ECapture.Terminal.Filters;

/// <summary>Which events a command shows: what every list with entries allows, and nobody of <see cref="Ignored"/>. The same for every module and mode.</summary>
internal sealed record EventRules
{
    /// <summary>Everything is shown.</summary>
    internal static EventRules All { get; } = new();

    /// <summary>Processes, and the programs that they start as a shell.</summary>
    internal IReadOnlyList<uint> Pids { get; init; } = [];

    /// <summary>Users.</summary>
    internal IReadOnlyList<uint> Uids { get; init; } = [];

    /// <summary>Processes by name as the kernel has it (15 bytes) or by pid in decimal.</summary>
    internal IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Processes that are not shown, whatever else is said: names or pids.</summary>
    internal IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Program files: a path, or a name without slashes for a file of that name in any folder.</summary>
    internal IReadOnlyList<string> Executables { get; init; } = [];

    /// <summary>Control groups with what is below them, as paths from the hierarchy's root.</summary>
    internal IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>Container ids, or how they begin.</summary>
    internal IReadOnlyList<string> Containers { get; init; } = [];

    /// <summary>Ports of either end, of events that have a connection.</summary>
    internal IReadOnlyList<ushort> Ports { get; init; } = [];

    /// <summary>True when something must be known of a process that its events do not say.</summary>
    internal bool NeedFacts => Executables.Count > 0 || Cgroups.Count > 0 || Containers.Count > 0;

    /// <summary>True when no process is left out.</summary>
    internal bool AllowAllProcesses => Pids.Count == 0 && Uids.Count == 0 && Names.Count == 0 && Ignored.Count == 0 && !NeedFacts;

    /// <summary>Cuts the mount point off, under which people find a control group.</summary>
    internal static string CgroupPath(string text)
    {
        const string Mount = "/sys/fs/cgroup";
        const string Unified = Mount + "/unified";
        string path = text.StartsWith(Unified + "/", StringComparison.Ordinal) || text == Unified ? text[Unified.Length..]
            : text.StartsWith(Mount + "/", StringComparison.Ordinal) || text == Mount ? text[Mount.Length..]
            : text;
        return "/" + path.Trim('/');
    }
}
