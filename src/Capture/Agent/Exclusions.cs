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
        if (_startedAt.TryAdd(pid, ProcessStart.Of(pid)))
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
            if (ProcessStart.Of(pid) is not { } now || now != start)
            {
                _startedAt.Remove(pid);
                baseObject.Include(pid);
            }
        }
    }
}
