using System.Text;

namespace ECapture.Capture.Filters;

/// <summary>What is captured: what every list with entries allows, and nobody of <see cref="Ignored"/>. The same for every module and mode.</summary>
public sealed record CaptureRules
{
    /// <summary>Everything is captured.</summary>
    public static CaptureRules All { get; } = new();

    /// <summary>Processes, and the programs that they start as a shell.</summary>
    public IReadOnlyList<uint> Pids { get; init; } = [];

    /// <summary>Users.</summary>
    public IReadOnlyList<uint> Uids { get; init; } = [];

    /// <summary>Processes by name as the kernel has it (15 bytes) or by pid in decimal.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Processes that are not captured, whatever else is said: names or pids.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Program files: a path, or a name without slashes for a file of that name in any folder.</summary>
    public IReadOnlyList<string> Executables { get; init; } = [];

    /// <summary>Control groups with what is below them, as paths from the hierarchy's root.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>Container ids, or how they begin.</summary>
    public IReadOnlyList<string> Containers { get; init; } = [];

    /// <summary>Ports of either end, of events that have a connection.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = [];

    /// <summary>True when something must be known of a process that its records do not say.</summary>
    public bool NeedOrigin => Executables.Count > 0 || Cgroups.Count > 0 || Containers.Count > 0;

    /// <summary>True when no process is left out.</summary>
    public bool AllowAllProcesses => Pids.Count == 0 && Uids.Count == 0 && Names.Count == 0 && Ignored.Count == 0 && !NeedOrigin;

    /// <summary>True when nothing is left out.</summary>
    public bool AllowAll => AllowAllProcesses && Ports.Count == 0;

    /// <summary>Cuts the mount point off, under which people find a control group.</summary>
    public static string CgroupPath(string text)
    {
        const string Mount = "/sys/fs/cgroup";
        const string Unified = Mount + "/unified";
        string path = text.StartsWith(Unified + "/", StringComparison.Ordinal) || text == Unified ? text[Unified.Length..]
            : text.StartsWith(Mount + "/", StringComparison.Ordinal) || text == Mount ? text[Mount.Length..]
            : text;
        return "/" + path.Trim('/');
    }

    /// <summary>The rules in a few words, as options are written; empty: everything is captured.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        void Add<T>(string name, IReadOnlyList<T> values)
        {
            if (values.Count > 0)
            {
                text.Append(text.Length > 0 ? " " : "").Append("--").Append(name).Append(' ').AppendJoin(',', values);
            }
        }

        Add("pid", Pids);
        Add("uid", Uids);
        Add("process", Names);
        Add("ignore", Ignored);
        Add("exe", Executables);
        Add("cgroup", Cgroups);
        Add("container", Containers);
        Add("port", Ports);
        return text.ToString();
    }
}
