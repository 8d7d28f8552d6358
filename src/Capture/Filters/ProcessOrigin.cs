namespace ECapture.Capture.Filters;

/// <summary>What filters must know of a process and its records do not say.</summary>
/// <param name="Executable">Path of its program file; empty: not known.</param>
/// <param name="Cgroup">Path of its control group from the hierarchy's root; empty: not known.</param>
/// <param name="Container">Id of its container; empty: none, or not known.</param>
internal sealed record ProcessOrigin(string Executable, string Cgroup, string Container)
{
    /// <summary>Nothing is known.</summary>
    internal static ProcessOrigin Unknown { get; } = new("", "", "");
}
