using System.Text;
using ECapture.Capture.Modules.Processes;
using ECapture.Events.V1;

namespace ECapture.Capture.Filters;

/// <summary>
/// Where processes come from: of those that begin from their <c>ProcessExec</c>, so that one of a few milliseconds is known, too; of those that ran before from <c>/proc</c>. Bounded; what was
/// let go is read again. Not for several threads.
/// </summary>
/// <param name="read">Reads it of a process that runs; default from <c>/proc</c>.</param>
internal sealed class KnownProcesses(Func<uint, ProcessOrigin>? read = null)
{
    private const int MostProcesses = 32_768;

    private readonly Func<uint, ProcessOrigin> _read = read ?? ReadProc;
    private readonly Dictionary<(uint Pid, ulong StartNs), ProcessOrigin> _origins = [];

    /// <summary>Takes what the start of a program says.</summary>
    internal void Learn(uint pid, ulong startNs, ProcessExec exec) =>
        Keep((pid, startNs), new ProcessOrigin(exec.Executable.ToStringUtf8(), exec.Cgroup.ToStringUtf8(), exec.Container));

    /// <summary>Where a process comes from.</summary>
    internal ProcessOrigin Of(uint pid, ulong startNs) =>
        _origins.TryGetValue((pid, startNs), out ProcessOrigin? origin) ? origin : Keep((pid, startNs), _read(pid));

    private ProcessOrigin Keep((uint, ulong) key, ProcessOrigin origin)
    {
        if (_origins.Count >= MostProcesses)
        {
            _origins.Clear();
        }

        return _origins[key] = origin;
    }

    private static ProcessOrigin ReadProc(uint pid)
    {
        try
        {
            string executable = new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "";
            string cgroup = ControlGroup.Of(File.ReadAllLines($"/proc/{pid}/cgroup"));
            return new ProcessOrigin(executable, cgroup, ContainerId.Find(Encoding.UTF8.GetBytes(cgroup)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ProcessOrigin.Unknown; // it has ended
        }
    }
}
