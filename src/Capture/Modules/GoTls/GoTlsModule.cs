using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Modules.Tls;
using ECapture.Events;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.GoTls;

/// <summary>
/// Captures TLS plaintext and secrets of Go programs (crypto/tls of Go 1.18 and later, x86-64), also stripped and position-independent ones: those
/// that run, and those that start, from their second run at once.
/// </summary>
public sealed class GoTlsModule : IModule, IProcessObserver
{
    private BpfObject? _object;
    private GoPrograms? _programs;
    private ModuleContext? _context;

    /// <inheritdoc/>
    public string Name => "gotls";

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_programs?.Count ?? 0, "program", "programs");

    /// <inheritdoc/>
    public IReadOnlyList<ModuleTarget> Targets => _programs?.Targets ?? [];

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        _object = context.OpenObject("gotls");
        TlsRecords.CheckLayouts(_object.ReadTypes());
        GoAttacher.Prepare(_object);
        context.TlsRing.Join(_object);
        _object.Load();

        TlsEvents events = new(
            context.Publisher, context.Losses, context.Connections, _ => null, Topics.GoTls, library: "go",
            context.MayPublishSecrets(Topics.GoTls), context.Wire, context.Earlier);
        context.Read(Name, _object, new TlsRecords(events, context.Losses, Name), context.TlsRing, TlsMember.GoTls);
        _programs = new GoPrograms(context, new GoAttacher(_object), context.Loggers.CreateLogger<GoTlsModule>());
        // Before the look at what runs, so that nothing starts between the two unseen.
        context.Processes.Subscribe(this);
        _programs.AttachAll();
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs) => _programs!.DropUnused(bootNs);

    /// <inheritdoc/>
    public void Detach()
    {
        _context?.Processes.Unsubscribe(this);
        _programs?.Dispose();
        _object?.Detach();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        // Every record is an event of its own: nothing stays open.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context?.Processes.Unsubscribe(this);
        _programs?.Dispose();
        _object?.Dispose();
    }

    /// <inheritdoc/>
    void IProcessObserver.OnStarted(StartedProcess process) => _programs!.Look(process);

    /// <inheritdoc/>
    void IProcessObserver.OnEnded(in ExitRecord process)
    {
        // The probes stay: the file may be run again.
    }
}
