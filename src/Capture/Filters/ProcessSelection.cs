using ECapture.Capture.Publishing;

namespace ECapture.Capture.Filters;

/// <summary>Which processes <see cref="CaptureRules"/> allow. Not for several threads.</summary>
internal sealed class ProcessSelection(CaptureRules rules, KnownProcesses known)
{
    private readonly string[] _executables = [.. rules.Executables];
    private readonly string[] _cgroups = [.. rules.Cgroups];
    private readonly string[] _containers = [.. rules.Containers];
    private readonly ProcessNames _names = new(rules.Names);
    private readonly ProcessNames _ignored = new(rules.Ignored);

    /// <summary>True when no process is left out.</summary>
    internal bool AllowsAll { get; } = rules.AllowAllProcesses;

    /// <summary>True when a process is captured.</summary>
    /// <param name="header">Names the process.</param>
    /// <param name="isShells">It was started by a shell that was asked for.</param>
    internal bool Allows(in EventHeader header, bool isShells = false)
    {
        if (AllowsAll || header.Pid == 0)
        {
            return AllowsAll;
        }

        ReadOnlySpan<byte> name = header.Comm;
        int end = name.IndexOf((byte)0);
        name = end < 0 ? name : name[..end];
        return (rules.Uids.Count == 0 || rules.Uids.Contains(header.Uid))
            && (_names.IsEmpty || _names.Holds(name, header.Pid))
            && !_ignored.Holds(name, header.Pid)
            && (isShells || rules.Pids.Count == 0 || rules.Pids.Contains(header.Pid))
            && (!rules.NeedOrigin || IsFrom(known.Of(header.Pid, header.ProcessStart)));
    }

    private bool IsFrom(ProcessOrigin origin) =>
        IsAny(_executables, origin.Executable, IsProgram) && IsAny(_cgroups, origin.Cgroup, IsBelow) && IsAny(_containers, origin.Container, BeginsWith);

    // Without a closure: this is done for every event.
    private static bool IsAny(string[] rules, string value, Func<string, string, bool> isMet)
    {
        foreach (string rule in rules)
        {
            if (isMet(value, rule))
            {
                return true;
            }
        }

        return rules.Length == 0;
    }

    private static bool IsProgram(string executable, string rule) =>
        rule.Contains('/', StringComparison.Ordinal) ? executable == rule : Path.GetFileName(executable.AsSpan()).SequenceEqual(rule);

    private static bool BeginsWith(string container, string rule) => container.StartsWith(rule, StringComparison.OrdinalIgnoreCase);

    private static bool IsBelow(string cgroup, string root) =>
        root == "/" || cgroup == root || (cgroup.StartsWith(root, StringComparison.Ordinal) && cgroup[root.Length] == '/');
}
