using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls;

/// <summary>What the modules of shared TLS libraries have in common; a <see cref="TlsApi"/> says what is different.</summary>
public abstract class TlsLibraryModule : IModule
{
    private readonly TlsApi _api;
    private BpfObject? _object;
    private LibrarySet? _libraries;
    private IEventPublisher? _publisher;

    private protected TlsLibraryModule(TlsApi api) => _api = api;

    /// <inheritdoc/>
    public string Name => _api.Module;

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_libraries?.Attached.Count ?? 0, "library", "libraries");

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _publisher = context.Publisher;
        _libraries = new LibrarySet(
            _api, new LibraryAttacher(_api.NewPlanner(_api), () => Load(context), context.Options.TlsPlaintext), _api.ExtraLibraries(context.Options),
            context.Options.ExcludedPids, context.Loggers.CreateLogger(GetType()));
        _libraries.AddExtra();
        _libraries.Scan(context.BootNs());
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        _libraries!.Scan(bootNs);
        while (_libraries.TryTakeUncovered(out string target, out string reason))
        {
            _publisher!.Publish(Topics.Agent, new EventHeader { BootNs = bootNs }, new Event
            {
                Coverage = new Coverage { Subject = "library", Target = ByteString.CopyFromUtf8(target), Reason = reason },
            });
        }
    }

    /// <inheritdoc/>
    public void Detach()
    {
        _libraries?.Dispose();
        _object?.Detach();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        // Every record is an event of its own: nothing stays open.
    }

    private BpfObject Load(ModuleContext context)
    {
        BpfObject obj = _object = context.OpenObject("tls");
        BtfTypes types = obj.ReadTypes();
        TlsRecords.CheckLayouts(types);
        RecordLayout.Check<LibraryEntry>(types);
        LibraryAttacher.Prepare(obj);
        obj.Maps["events"].SetMaxEntries(_api.RingBytes);
        obj.Load();
        TlsEvents events = new(
            context.Publisher, context.Losses, context.Connections, _libraries!.At, _api.Topic, _api.Library, context.MayPublishSecrets(_api.Topic));
        context.Rings.Add(obj.Maps["events"], new TlsRecords(events, context.Losses, Name));
        context.Losses.Watch(Name, obj);
        return obj;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _libraries?.Dispose();
        _object?.Dispose();
        GC.SuppressFinalize(this);
    }
}
