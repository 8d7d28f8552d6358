using ECapture.Events.V1;

namespace ECapture.Terminal.Filters;

/// <summary>
/// Applies <see cref="EventRules"/>. A frame has no process of its own: frames, connection states and links pass here by their ports, and the output that writes frames chooses
/// by their flow.
/// </summary>
/// <param name="rules">What is shown.</param>
/// <param name="known">Facts of processes; shared by the filters of a command, because what one learned the next one needs.</param>
internal sealed class EventFilter(EventRules rules, KnownProcesses? known = null)
{
    private readonly KnownProcesses _known = known ?? new KnownProcesses();
    private readonly ProcessNames _names = new(rules.Names);
    private readonly ProcessNames _ignored = new(rules.Ignored);

    /// <summary>What is shown.</summary>
    internal EventRules Rules => rules;

    /// <summary>True when no process is left out.</summary>
    internal bool AllowsAllProcesses { get; } = rules.AllowAllProcesses;

    /// <summary>The same processes' facts under other rules.</summary>
    internal EventFilter With(EventRules other) => new(other, _known);

    /// <summary>True for an event that is shown.</summary>
    internal bool Wants(in ReceivedEvent received)
    {
        if (rules.NeedFacts)
        {
            _known.Learn(received);
        }

        switch (received.Kind)
        {
            case Event.LossFieldNumber or Event.CoverageFieldNumber or Event.AgentStateFieldNumber or Event.CheckpointFieldNumber:
                return true;
            case Event.ConnectionStateFieldNumber or Event.ConnectionLinkFieldNumber:
                return true; // they tell what frames and plaintext belong to
            case Event.PacketFieldNumber:
                return HasPort(received);
            case Event.ShellResultFieldNumber:
                return true; // shown with its command, or not at all
            default:
                return (AllowsAllProcesses || IsProcess(received)) && HasPort(received);
        }
    }

    /// <summary>True when the event names a process that is shown.</summary>
    internal bool IsProcess(in ReceivedEvent received)
    {
        if (!received.Fields.HasProcess)
        {
            return AllowsAllProcesses;
        }

        ReadOnlySpan<byte> name = received.Fields.ProcessName.Of(received.Encoded);
        uint pid = received.Fields.Pid;
        return (rules.Uids.Count == 0 || rules.Uids.Contains(received.Fields.Uid))
            && (_names.IsEmpty || _names.Holds(name, pid))
            && !_ignored.Holds(name, pid)
            && (!rules.NeedFacts || HasFacts(_known.Of(received)))
            && (rules.Pids.Count == 0 || rules.Pids.Contains(pid) || IsStartedByShell(received));
    }

    private bool HasFacts(ProcessFacts facts) =>
        (rules.Executables.Count == 0 || rules.Executables.Any(e => IsProgram(facts.Executable, e)))
        && (rules.Cgroups.Count == 0 || rules.Cgroups.Any(c => IsBelow(facts.Cgroup, c)))
        && (rules.Containers.Count == 0 || rules.Containers.Any(c => facts.Container.StartsWith(c, StringComparison.OrdinalIgnoreCase)));

    private static bool IsProgram(string executable, string rule) =>
        rule.Contains('/', StringComparison.Ordinal) ? executable == rule : Path.GetFileName(executable) == rule;

    private static bool IsBelow(string cgroup, string root) =>
        root == "/" || cgroup == root || (cgroup.StartsWith(root, StringComparison.Ordinal) && cgroup[root.Length] == '/');

    // What has no connection by nature has no port that could be wrong.
    private bool HasPort(in ReceivedEvent received) =>
        rules.Ports.Count == 0
        || received.Kind is not (Event.TlsDataFieldNumber or Event.TlsSecretFieldNumber or Event.PacketFieldNumber or Event.SqlStatementFieldNumber)
        || (received.Fields.HasFlow && (rules.Ports.Contains((ushort)received.Fields.LocalPort) || rules.Ports.Contains((ushort)received.Fields.RemotePort)));

    private bool IsStartedByShell(in ReceivedEvent received) =>
        received.Kind is Event.ShellCommandFieldNumber or Event.ProcessExecFieldNumber && rules.Pids.Contains(ParentOf(received.Parse()));

    private static uint ParentOf(Event e) => e.ShellCommand?.Parent ?? e.ProcessExec?.Parent ?? 0;
}
