using System.Text;
using ECapture.Capture.Modules.Processes;
using ECapture.Events.V1;

namespace ECapture.Terminal.Filters;

/// <summary>
/// Facts of processes: of those that begin from their <c>ProcessExec</c>, so that one of a few milliseconds is known, too; of those that ran before from <c>/proc</c>. Bounded; what was
/// let go is read again. Not for several threads.
/// </summary>
/// <param name="read">Reads the facts of a process that runs; default from <c>/proc</c>.</param>
internal sealed class KnownProcesses(Func<uint, ProcessFacts>? read = null)
{
    private const int MostProcesses = 32_768;

    private readonly Func<uint, ProcessFacts> _read = read ?? ReadProc;
    private readonly Dictionary<(uint Pid, ulong StartNs), ProcessFacts> _facts = [];

    /// <summary>Takes what the start of a program says.</summary>
    internal void Learn(in ReceivedEvent received)
    {
        if (received.Kind == Event.ProcessExecFieldNumber && received.Fields.HasProcess)
        {
            ProcessExec exec = received.Parse().ProcessExec;
            Keep((received.Fields.Pid, received.Fields.ProcessStartNs), new ProcessFacts(exec.Executable.ToStringUtf8(), exec.Cgroup.ToStringUtf8(), exec.Container));
        }
    }

    /// <summary>The facts of an event's process.</summary>
    internal ProcessFacts Of(in ReceivedEvent received)
    {
        if (!received.Fields.HasProcess)
        {
            return ProcessFacts.Unknown;
        }

        (uint, ulong) key = (received.Fields.Pid, received.Fields.ProcessStartNs);
        return _facts.TryGetValue(key, out ProcessFacts? facts) ? facts : Keep(key, _read(received.Fields.Pid));
    }

    private ProcessFacts Keep((uint, ulong) key, ProcessFacts facts)
    {
        if (_facts.Count >= MostProcesses)
        {
            _facts.Clear();
        }

        return _facts[key] = facts;
    }

    private static ProcessFacts ReadProc(uint pid)
    {
        try
        {
            string executable = new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "";
            string cgroup = CgroupOf(File.ReadAllLines($"/proc/{pid}/cgroup"));
            return new ProcessFacts(executable, cgroup, ContainerId.Find(Encoding.UTF8.GetBytes(cgroup)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ProcessFacts.Unknown; // it has ended
        }
    }

    // cgroups(7), "/proc/pid/cgroup": version 2, or where that is the root, the memory controller's; as bpf/include/process.h reads it.
    private static string CgroupOf(string[] lines)
    {
        string unified = lines.FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "";
        return unified.Length > 1 ? unified
            : lines.Select(l => l.Split(':', 3)).FirstOrDefault(p => p.Length == 3 && p[1].Split(',').Contains("memory"))?[2] ?? unified;
    }
}
