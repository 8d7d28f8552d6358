using System.Globalization;

namespace ECapture.Capture.Agent;

/// <summary>
/// The processes that are left out now. A pid is given again: who gets the pid of an excluded process that has ended is captured, so ended ones are
/// taken out within a second.
/// </summary>
internal sealed class Exclusions(BaseObject baseObject, AgentRecord record)
{
    private readonly Dictionary<int, long?> _startedAt = [];

    /// <summary>Leaves a process out and records that, once.</summary>
    /// <param name="pid">Thread group id.</param>
    internal void Add(int pid)
    {
        if (_startedAt.TryAdd(pid, StartOf(pid)))
        {
            baseObject.Exclude(pid);
            record.Excluded(pid);
        }
    }

    /// <summary>Takes processes out that have ended.</summary>
    internal void DropEnded()
    {
        foreach ((int pid, long? start) in _startedAt.ToArray())
        {
            if (StartOf(pid) is not { } now || now != start)
            {
                _startedAt.Remove(pid);
                baseObject.Include(pid);
            }
        }
    }

    // proc_pid_stat(5): starttime is field 22; field 2 is a name in parentheses that may hold anything.
    private static long? StartOf(int pid)
    {
        const int AfterName = 22 - 3;
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[AfterName], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // it is gone
        }
    }
}
