using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Captures TLS plaintext and secrets of programs that use OpenSSL's shared library: every one on disk and in running processes, so that
/// a process that starts later and lives for milliseconds is captured too.
/// </summary>
public sealed class TlsModule : IModule, IRecordHandler
{
    private BpfObject? _object;
    private LibrarySet? _libraries;
    private TlsEvents? _events;
    private IEventPublisher? _publisher;
    private ILossAccount? _losses;

    /// <inheritdoc/>
    public string Name => "tls";

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_libraries?.Attached.Count ?? 0, "library", "libraries");

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _publisher = context.Publisher;
        _losses = context.Losses;
        _object = context.OpenObject("tls");
        BtfTypes types = _object.ReadTypes();
        RecordLayout.Check<SocketTuple>(types);
        RecordLayout.Check<TlsDataRecord>(types);
        RecordLayout.Check<TlsSecretRecord>(types);
        RecordLayout.Check<LibraryEntry>(types);
        LibraryAttacher.Prepare(_object);
        _object.Load();

        _libraries = new LibrarySet(
            new LibraryAttacher(_object), context.Options.TlsLibraries, context.Options.ExcludedPids, context.Loggers.CreateLogger<TlsModule>());
        _events = new TlsEvents(context.Publisher, context.Losses, context.Connections, context.Options.PayloadLimit, _libraries.At);
        context.Rings.Add(_object.Maps["events"], this);
        context.Losses.Watch(Name, _object);
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
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.Length < Unsafe.SizeOf<RecordHeader>())
        {
            _losses!.Count(Name, "record that is cut");
            return;
        }

        switch (MemoryMarshal.Read<RecordHeader>(record).Type)
        {
            case TlsDataRecord.Type when record.Length >= Unsafe.SizeOf<TlsDataRecord>():
                ref readonly TlsDataRecord data = ref MemoryMarshal.AsRef<TlsDataRecord>(record);
                ReadOnlySpan<byte> bytes = record[Unsafe.SizeOf<TlsDataRecord>()..];
                if (data.Length <= bytes.Length)
                {
                    _events!.OnData(data, bytes[..(int)data.Length]);
                    return;
                }

                break;
            case TlsSecretRecord.Type when record.Length >= Unsafe.SizeOf<TlsSecretRecord>():
                _events!.OnSecret(MemoryMarshal.AsRef<TlsSecretRecord>(record));
                return;
            default:
                break;
        }

        _losses!.Count(Name, "record that is cut or unknown");
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _libraries?.Dispose();
        _object?.Dispose();
    }
}
