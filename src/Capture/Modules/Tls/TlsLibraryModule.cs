using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls;

/// <summary>What the modules of shared TLS libraries have in common; a <see cref="TlsApi"/> says what is different.</summary>
public abstract class TlsLibraryModule : IModule, IProcessObserver
{
    private readonly TlsApi _api;
    private BpfObject? _object;
    private LibrarySet? _libraries;
    private ModuleContext? _context;

    private protected TlsLibraryModule(TlsApi api) => _api = api;

    /// <inheritdoc/>
    public string Name => _api.Module;

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_libraries?.Attached.Count ?? 0, "library", "libraries");

    /// <inheritdoc/>
    public IReadOnlyList<ModuleTarget> Targets =>
    [
        .. (_libraries?.Attached ?? []).OrderBy(l => l.File.Path, StringComparer.Ordinal).Select(l => new ModuleTarget(
            l.File.Path, l.File.AccessPath, ModuleSummary.Count(l.Probes, "probe", "probes") + (l.KeyLog is { } log ? $", secrets by {log.How}" : ", no secrets"), l.WindowNs)),
    ];

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        ILibraryPlanner planner = _api.NewPlanner(_api);
        _libraries = new LibrarySet(
            _api, new LibraryAttacher(planner, () => Load(context), _api.Member, context.Options.TlsPlaintext), context.Options, context.Loggers.CreateLogger(GetType()), context.BootNs, _api.IsBuiltIn ? new ContentSearch(planner) : null);
        context.Processes.Subscribe(this);
        _libraries.AddExtra();
        _libraries.Scan(context.BootNs());
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        _libraries!.Scan(bootNs);
        while (_libraries.TryTakeUncovered(out LibrarySet.Uncovered uncovered))
        {
            _context!.NotCovered(new EventHeader { BootNs = bootNs, Pid = (uint)uncovered.Pid }, "library", uncovered.Target, uncovered.Reason, uncovered.FromNs, uncovered.ToNs);
        }
    }

    /// <inheritdoc/>
    public void Detach()
    {
        _context?.Processes.Unsubscribe(this);
        _libraries?.Dispose();
        _object?.Detach();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        // Every record is an event of its own: nothing stays open.
    }

    /// <inheritdoc/>
    void IProcessObserver.OnStarted(StartedProcess process)
    {
        if (_api.IsBuiltIn)
        {
            _libraries!.Look(process);
        }
    }

    /// <inheritdoc/>
    void IProcessObserver.OnEnded(in ExitRecord process)
    {
        // The probes stay: the file may be used again.
    }

    private BpfObject Load(ModuleContext context)
    {
        BpfObject obj = _object = context.OpenObject("tls");
        BtfTypes types = obj.ReadTypes();
        TlsRecords.CheckLayouts(types);
        RecordLayout.Check<LibraryEntry>(types);
        LibraryAttacher.Prepare(obj);
        context.TlsRing.Join(obj);
        obj.Load();
        TlsEvents events = new(
            context.Publisher, context.Losses, context.Connections, cookie => _libraries!.At(TlsMember.LibraryOf(cookie)), _api.Topic, _api.Library, context.MayPublishSecrets(_api.Topic), context.Wire, context.Earlier);
        context.Read(Name, obj, new TlsRecords(events, context.Losses, Name), context.TlsRing, _api.Member);
        if (context.Policy.For(_api.Topic).PublishesSecrets)
        {
            context.Earlier.Add(() => _libraries!.Attached, _api.Library);
        }

        return obj;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context?.Processes.Unsubscribe(this);
        _libraries?.Dispose();
        _object?.Dispose();
        GC.SuppressFinalize(this);
    }
}
