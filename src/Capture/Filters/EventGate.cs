using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Capture.Filters;

/// <summary>
/// Applies a <see cref="CaptureFilter"/> where every event passes, before the log: no module can forget it, and none knows of it. Frames, the state of connections and what ties them together go with their
/// flow (<see cref="FlowOwners"/>); everything else goes with its process. What the agent says of itself always passes. Not for several threads.
/// </summary>
internal sealed class EventGate : IDisposable
{
    private const int MostOpen = 64 * 1024;

    private readonly CaptureFilter _filter;
    private readonly KnownProcesses _known;
    private readonly IUnwantedProcesses? _unwanted;
    private readonly Func<ulong> _bootNs;
    private readonly FlowOwners _flows;
    private readonly PacketFilter? _packets;
    private readonly GenerationTable<ulong, bool> _commands = new(MostOpen);
    private readonly GenerationTable<(uint, ulong), bool> _startedByShell = new(MostOpen);
    private CaptureRules _rules;
    private ProcessSelection _processes;

    /// <summary>Makes a gate.</summary>
    /// <param name="filter">What passes.</param>
    /// <param name="losses">Counts what could not wait.</param>
    /// <param name="bootNs">Reads CLOCK_BOOTTIME.</param>
    /// <param name="unwanted">Leaves processes out in the kernel; null: nobody does.</param>
    /// <param name="known">Where processes come from.</param>
    internal EventGate(CaptureFilter filter, ILossAccount losses, Func<ulong> bootNs, IUnwantedProcesses? unwanted = null, KnownProcesses? known = null)
    {
        _filter = filter;
        _known = known ?? new KnownProcesses();
        _unwanted = filter.IsFixed ? unwanted : null;
        _bootNs = bootNs;
        _flows = new FlowOwners(losses);
        _packets = filter.Packets.Length == 0 ? null : PacketFilter.Compile(filter.Packets);
        _rules = filter.Rules;
        _processes = new ProcessSelection(_rules, _known);
    }

    /// <summary>Judges an event; one that has to wait comes back by <see cref="TryTakeReleased"/>, or never.</summary>
    /// <returns>True when it passes now.</returns>
    internal bool Admits(string topic, in EventHeader header, Event payload)
    {
        if (topic == Topics.Agent)
        {
            return true;
        }

        Follow();
        bool admits = payload.PayloadCase switch
        {
            Event.PayloadOneofCase.ConnectionState => AdmitsState(topic, header, payload),
            Event.PayloadOneofCase.ConnectionLink => HasPort(header) && AdmitsFlow(header, new HeldEvent(topic, header, payload), []),
            Event.PayloadOneofCase.ShellCommand => AdmitsCommand(header, payload.ShellCommand),
            Event.PayloadOneofCase.ShellResult => _commands.TryGet(payload.ShellResult.Command, out _),
            Event.PayloadOneofCase.ProcessExec => AdmitsExec(header, payload.ProcessExec),
            Event.PayloadOneofCase.ProcessExit => _processes.Allows(header, _startedByShell.TryGet((header.Pid, header.ProcessStart), out _)),
            Event.PayloadOneofCase.TlsSecret => AdmitsTls(header),
            Event.PayloadOneofCase.SqlStatement => HasPort(header) && AdmitsProcess(header),
            _ => AdmitsProcess(header),
        };
        return Counted(admits, topic);
    }

    /// <summary>Judges plaintext.</summary>
    internal bool AdmitsPlaintext(string topic, in EventHeader header)
    {
        Follow();
        return Counted(AdmitsTls(header), topic);
    }

    /// <summary>Judges a frame.</summary>
    internal bool AdmitsFrame(in EventHeader header, in FrameFacts facts, ReadOnlySpan<byte> frame)
    {
        Follow();
        bool admits = HasPort(header)
            && _packets?.Matches(facts.LinkType, frame, facts.OriginalLength) != false
            && AdmitsFlow(header, new HeldEvent(Topics.Packet, header, null) { Facts = facts }, frame);
        return Counted(admits, Topics.Packet);
    }

    /// <summary>True for a process whose events pass.</summary>
    internal bool WantsProcess(in EventHeader header)
    {
        Follow();
        return _processes.Allows(header);
    }

    /// <summary>Takes what waited and passes now, in the order in which it came.</summary>
    internal bool TryTakeReleased(out HeldEvent held) => _flows.TryTakeReleased(out held);

    /// <summary>Passes time.</summary>
    internal void Tick(ulong nowNs)
    {
        _flows.Tick(nowNs);
        _unwanted?.Tick(nowNs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _flows.Tick(ulong.MaxValue);
        _packets?.Dispose();
    }

    private static bool Counted(bool admits, string topic)
    {
        if (!admits)
        {
            CaptureMetrics.LeftOut.Add(1, new KeyValuePair<string, object?>("topic", topic));
        }

        return admits;
    }

    private void Follow()
    {
        if (_filter.Rules is var rules && !ReferenceEquals(rules, _rules))
        {
            _rules = rules;
            _processes = new ProcessSelection(rules, _known);
        }
    }

    // What has no addresses has no port that could be right.
    private bool HasPort(in EventHeader header) =>
        _rules.Ports.Count == 0
        || (header.Socket.HasAddresses && (_rules.Ports.Contains(header.Socket.LocalPort) || _rules.Ports.Contains(header.Socket.RemotePort)));

    private bool AdmitsProcess(in EventHeader header)
    {
        bool admits = _processes.Allows(header);
        if (!_processes.AllowsAll && header.Socket.HasAddresses)
        {
            _flows.Judge(header, admits);
        }

        return admits;
    }

    private bool AdmitsTls(in EventHeader header)
    {
        if (AdmitsProcess(header))
        {
            return HasPort(header);
        }

        if (header.Pid != 0)
        {
            _unwanted?.LeaveOut(header.Pid, header.ProcessStart);
        }

        return false;
    }

    private bool AdmitsFlow(in EventHeader header, HeldEvent held, ReadOnlySpan<byte> frame)
    {
        bool isWanted = _processes.Allows(header);
        if (_processes.AllowsAll || !header.Socket.HasAddresses)
        {
            return isWanted;
        }

        FlowOwners.Verdict verdict = _flows.Judge(header, isWanted);
        if (verdict == FlowOwners.Verdict.Wait)
        {
            _flows.Hold(held, frame, _bootNs());
        }

        return verdict == FlowOwners.Verdict.Pass;
    }

    // The state of a connection is its process's; of one that nobody is known to own, its flow's.
    private bool AdmitsState(string topic, in EventHeader header, Event payload)
    {
        bool admits = HasPort(header) && (header.Pid == 0 ? AdmitsFlow(header, new HeldEvent(topic, header, payload), []) : AdmitsProcess(header));
        if (payload.ConnectionState.State == ConnectionState.Types.State.Closed && header.Socket.HasAddresses)
        {
            _flows.Close(header);
        }

        return admits;
    }

    private bool AdmitsCommand(in EventHeader header, ShellCommand command)
    {
        bool admits = _processes.Allows(header, _rules.Pids.Contains(command.Parent));
        if (admits)
        {
            _commands.Set(command.Command, true); // its result is another event, later
        }

        return admits;
    }

    private bool AdmitsExec(in EventHeader header, ProcessExec exec)
    {
        _known.Learn(header.Pid, header.ProcessStart, exec);
        _unwanted?.LookAgain(header.Pid);
        bool isShells = _rules.Pids.Contains(exec.Parent);
        bool admits = _processes.Allows(header, isShells);
        if (admits && isShells)
        {
            _startedByShell.Set((header.Pid, header.ProcessStart), true);
        }

        return admits;
    }
}
