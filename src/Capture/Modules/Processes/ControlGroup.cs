namespace ECapture.Capture.Modules.Processes;

/// <summary>The control group of a process, of those that it is in: as bpf/include/process.h reads it.</summary>
internal static class ControlGroup
{
    /// <summary>That of version 2, or where it is the root, the memory controller's.</summary>
    /// <param name="lines">Of <c>/proc/PID/cgroup</c> (cgroups(7)).</param>
    internal static string Of(IReadOnlyList<string> lines)
    {
        string unified = lines.FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "";
        return unified.Length > 1 ? unified
            : lines.Select(l => l.Split(':', 3)).FirstOrDefault(p => p.Length == 3 && p[1].Split(',').Contains("memory"))?[2] ?? unified;
    }
}
