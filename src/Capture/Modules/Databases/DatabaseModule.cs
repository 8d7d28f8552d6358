using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Capture.Modules.Databases;

/// <summary>What the modules of database servers have in common: how they start and end, which sessions they leave out, what they say of both.</summary>
public abstract class DatabaseModule : IModule, IRecordHandler, IProcessObserver
{
    private const ulong SweepEveryNs = 10_000_000_000;

    private readonly HashSet<string> _declared = [];
    private Exclusion? _exclusion;
    private ulong _nextSweep;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(Targets.Count, "server program", "server programs");

    /// <inheritdoc/>
    public abstract IReadOnlyList<ModuleTarget> Targets { get; }

    /// <summary>Its number in the ring that it shares: type of its records / 16.</summary>
    private protected abstract uint RingMember { get; }

    private protected const int MostSessions = 16 * 1024;

    private protected ModuleContext Context { get; private set; } = null!;

    private protected BpfObject Object { get; private set; } = null!;

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        Context = context;
        _exclusion = new Exclusion(context.SharedMaps, context.Options.ExcludedDatabaseUsers);
        Object = context.OpenObject(Name);
        BtfTypes types = Object.ReadTypes();
        RecordLayout.Check<SocketTuple>(types);
        RecordLayout.Check<SocketOwner>(types);
        Prepare(types);
        context.DatabaseRing.Join(Object);
        Object.Load();
        context.Read(Name, Object, this, context.DatabaseRing, RingMember);
        context.Processes.Subscribe(this);
        Attach();
    }

    /// <inheritdoc/>
    public abstract void OnRecord(ReadOnlySpan<byte> record);

    /// <inheritdoc/>
    public virtual void Tick(ulong bootNs)
    {
        if (bootNs >= _nextSweep)
        {
            _nextSweep = bootNs + SweepEveryNs;
            Sweep(bootNs);
        }
    }

    /// <inheritdoc/>
    public void Detach() => Object?.Detach();

    /// <inheritdoc/>
    public abstract void Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
        Context?.Processes.Unsubscribe(this);
        Object?.Dispose();
        GC.SuppressFinalize(this);
    }

    void IProcessObserver.OnStarted(StartedProcess process) => Look(process);

    void IProcessObserver.OnEnded(in ExitRecord process)
    {
    }

    /// <summary>Checks the module's own records and says how its programs are attached, before they are loaded.</summary>
    private protected abstract void Prepare(BtfTypes types);

    /// <summary>Attaches to the servers that there are.</summary>
    private protected abstract void Attach();

    /// <summary>Looks at a program that began.</summary>
    private protected abstract void Look(StartedProcess process);

    /// <summary>Ends the sessions of servers that are gone.</summary>
    private protected abstract void Sweep(ulong bootNs);

    /// <summary>Why a session is left out; null: it is not. Says so once for each reason.</summary>
    private protected string? Excluded(in SocketTuple socket, ReadOnlyMemory<byte> databaseUser, ref int looks, ulong bootNs)
    {
        string? reason = _exclusion!.Find(socket, databaseUser, ref looks);
        if (reason is not null && _declared.Count < MostSessions && _declared.Add(reason))
        {
            Context.Publisher.Publish(
                Topics.Agent,
                new EventHeader { BootNs = bootNs },
                new Event { AgentState = new AgentState { State = AgentState.Types.State.Excluded, Module = Name, Detail = reason } });
        }

        return reason;
    }
}
