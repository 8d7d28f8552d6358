using ECapture.Events.V1;

namespace ECapture.Terminal;

/// <summary>
/// Which processes' events a command shows. A frame has no process of its own: frames, connection states and links pass here, and the output that writes frames chooses by their flow.
/// </summary>
/// <param name="pid">One process and the programs that it starts as a shell; 0: all.</param>
/// <param name="uid">One user; null: all.</param>
/// <param name="names">By name; null: all.</param>
internal sealed class ProcessFilter(uint pid, uint? uid, ProcessNames? names = null)
{
    /// <summary>One process; 0: all.</summary>
    internal uint Pid => pid;

    /// <summary>One user; null: all.</summary>
    internal uint? Uid => uid;

    /// <summary>By name.</summary>
    internal ProcessNames Names { get; } = names ?? ProcessNames.None;

    /// <summary>True when nothing is left out.</summary>
    internal bool IsOpen => pid == 0 && uid is null && Names.IsOpen;

    /// <summary>True for an event that is shown.</summary>
    internal bool Wants(in ReceivedEvent received)
    {
        if (IsOpen)
        {
            return true;
        }

        switch (received.Kind)
        {
            case Event.PacketFieldNumber or Event.ConnectionStateFieldNumber or Event.ConnectionLinkFieldNumber:
            case Event.LossFieldNumber or Event.CoverageFieldNumber or Event.AgentStateFieldNumber or Event.CheckpointFieldNumber:
                return true;
            case Event.ShellCommandFieldNumber or Event.ProcessExecFieldNumber when pid != 0 && received.Fields.Pid != pid:
                return IsUser(received) && IsNamed(received) && ParentOf(received.Parse()) == pid;
            case Event.ShellResultFieldNumber:
                return true; // shown with its command, or not at all
            default:
                return IsProcess(received);
        }
    }

    /// <summary>True when the event names a process that is shown.</summary>
    internal bool IsProcess(in ReceivedEvent received) =>
        (pid == 0 || (received.Fields.HasProcess && received.Fields.Pid == pid)) && IsUser(received) && IsNamed(received);

    private bool IsNamed(in ReceivedEvent received) =>
        Names.IsOpen || (received.Fields.HasProcess && Names.Wants(received.Fields.ProcessName.Of(received.Encoded), received.Fields.Pid));

    private bool IsUser(in ReceivedEvent received) => uid is null || (received.Fields.HasProcess && received.Fields.Uid == uid);

    private static uint ParentOf(Event e) => e.ShellCommand?.Parent ?? e.ProcessExec?.Parent ?? 0;
}
