using ECapture.Capture.Filters;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Agent;

/// <summary>Watches the processes that a run is narrowed to by their pids: the silence behind their end must not be taken for theirs.</summary>
/// <param name="filter">What is captured; its rules may change.</param>
/// <param name="logger">Is told of each end, once.</param>
internal sealed partial class ChosenProcesses(CaptureFilter filter, ILogger logger)
{
    private readonly HashSet<uint> _ended = [];

    /// <summary>Looks whether they are still there.</summary>
    internal void Look()
    {
        IReadOnlyList<uint> chosen = filter.Rules.Pids;
        foreach (uint pid in chosen)
        {
            if (!_ended.Contains(pid) && !Directory.Exists($"/proc/{pid}"))
            {
                _ended.Add(pid);
                int left = chosen.Count(p => !_ended.Contains(p));
                LogEnded(logger, pid, left > 0 ? $"{left} of {chosen.Count} chosen go on" : "it was the last one chosen, nothing more will come: start its successor and choose that one");
            }
        }

        _ended.IntersectWith(chosen);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Process {Pid} has ended; {Left}.")]
    private static partial void LogEnded(ILogger logger, uint pid, string left);
}
