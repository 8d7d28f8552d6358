using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Shells;

/// <summary>A command whose end is not known yet.</summary>
/// <param name="Id">In the agent run.</param>
/// <param name="StartNs">CLOCK_BOOTTIME when it was given.</param>
/// <param name="IsLine">A typed line: it ends at the shell's next prompt. Else it ends with its process.</param>
internal readonly record struct OpenCommand(ulong Id, ulong StartNs, bool IsLine);

/// <summary>Commands by the process that ends them: the shell of a line, the process of an execve. Bounded.</summary>
internal sealed class OpenCommands(int limit)
{
    private readonly Dictionary<(uint Pid, ulong Start), List<OpenCommand>> _byProcess = [];
    private int _count;

    /// <summary>Remembers a command.</summary>
    /// <returns>False when there is no room: its end will not be known.</returns>
    internal bool Add(in RecordHeader process, OpenCommand command)
    {
        if (_count >= limit)
        {
            return false;
        }

        if (!_byProcess.TryGetValue((process.Pid, process.ProcessStart), out List<OpenCommand>? commands))
        {
            _byProcess[(process.Pid, process.ProcessStart)] = commands = [];
        }

        commands.Add(command);
        _count++;
        return true;
    }

    /// <summary>The lines of a shell that ended, oldest first; forgets them.</summary>
    internal IReadOnlyList<OpenCommand> TakeLines(in RecordHeader shell)
    {
        if (!_byProcess.TryGetValue((shell.Pid, shell.ProcessStart), out List<OpenCommand>? commands))
        {
            return [];
        }

        List<OpenCommand> lines = commands.FindAll(c => c.IsLine);
        commands.RemoveAll(c => c.IsLine);
        _count -= lines.Count;
        if (commands.Count == 0)
        {
            _byProcess.Remove((shell.Pid, shell.ProcessStart));
        }

        return lines;
    }

    /// <summary>Everything that ended with a process; forgets it.</summary>
    internal IReadOnlyList<OpenCommand> TakeAll(in RecordHeader process)
    {
        if (!_byProcess.Remove((process.Pid, process.ProcessStart), out List<OpenCommand>? commands))
        {
            return [];
        }

        _count -= commands.Count;
        return commands;
    }

    /// <summary>Forgets commands of processes that are gone (their end was lost).</summary>
    internal void Forget(Func<uint, bool> isGone)
    {
        foreach ((uint Pid, ulong Start) process in _byProcess.Keys.Where(p => isGone(p.Pid)).ToList())
        {
            _byProcess.Remove(process, out List<OpenCommand>? commands);
            _count -= commands?.Count ?? 0;
        }
    }
}
