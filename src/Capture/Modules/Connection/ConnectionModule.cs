using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Agent;
using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Capture.Modules.Connection;

/// <summary>
/// Publishes when TCP connections open, are accepted and close, and which there were before. An accepted connection is
/// announced in soft interrupt, where no process is known: it waits until a process uses it, at most a second.
/// </summary>
public sealed class ConnectionModule(BaseObject baseObject) : IModule, IRecordHandler
{
    private const ushort RecordExcluded = 1; // RECORD_EXCLUDED in bpf/connection.bpf.c
    private const ulong OwnerWaitNs = 1_000_000_000;
    private const int MostWaiting = 16384;

    private readonly Dictionary<ulong, ConnectionRecord> _waiting = [];
    private readonly HashSet<ulong> _known = [];
    private readonly List<ulong> _due = [];
    private ModuleContext? _context;

    /// <inheritdoc/>
    public string Name => "connection";

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        context.Read(Name, baseObject.Object, this);
        if (baseObject.Fit.Set == ObjectSet.Plain)
        {
            PlainSockets.Attach(baseObject.Object);
        }
        else
        {
            baseObject.Object.Attach("on_state");
            baseObject.Object.Attach("on_send");
            baseObject.Object.Attach("on_receive");
        }

        PublishExisting(baseObject.Fit.Set == ObjectSet.Kernel ? MemoryMarshal.Cast<byte, ConnectionRecord>(baseObject.Object.Iterate("existing_sockets")) : FindExisting(context));
    }

    /// <inheritdoc/>
    public string Summary => baseObject.Fit.Reason;

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.Length < Unsafe.SizeOf<ConnectionRecord>())
        {
            _context!.Losses.Count("ring:connection", "record too short");
            return;
        }

        ConnectionRecord read = MemoryMarshal.Read<ConnectionRecord>(record);
        switch ((ConnectionEvent)read.Header.Type)
        {
            case ConnectionEvent.Opened when IsExcluded(read):
                break;
            case ConnectionEvent.Opened:
                Publish(ConnectionState.Types.State.Opened, read);
                break;
            case ConnectionEvent.Accepted:
                Wait(read);
                break;
            case ConnectionEvent.Owned:
                OnOwned(read);
                break;
            case ConnectionEvent.Closed:
                OnClosed(read);
                break;
            default:
                _context!.Losses.Count("ring:connection", "record of an unknown type");
                break;
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        foreach ((ulong sk, ConnectionRecord accepted) in _waiting)
        {
            if (bootNs > accepted.Header.BootNs + OwnerWaitNs)
            {
                _due.Add(sk);
            }
        }

        foreach (ulong sk in _due)
        {
            PublishWaiting(sk);
        }

        _due.Clear();
    }

    /// <inheritdoc/>
    public void Detach() => baseObject.Object.Detach();

    /// <inheritdoc/>
    public void Flush()
    {
        foreach (ConnectionRecord accepted in _waiting.Values)
        {
            Publish(ConnectionState.Types.State.Accepted, accepted);
        }

        _waiting.Clear();
    }

    /// <summary>Does nothing: the object belongs to the agent.</summary>
    public void Dispose()
    {
    }

    private static Span<ConnectionRecord> FindExisting(ModuleContext context)
    {
        List<ConnectionRecord> found = ExistingSockets.Find(context.SharedMaps["socket_owner"], context.SharedMaps.GetValueOrDefault("known_processes"), context.BootNs());
        foreach (ref ConnectionRecord record in CollectionsMarshal.AsSpan(found))
        {
            record.Header.Flags = context.SharedMaps["excluded_processes"].TryGet(record.Header.Pid, out ExcludedProcess excluded) && excluded.IsOwn ? RecordExcluded : (ushort)0;
        }

        return CollectionsMarshal.AsSpan(found);
    }

    private void PublishExisting(ReadOnlySpan<ConnectionRecord> written)
    {
        foreach (ConnectionRecord existing in written)
        {
            if (!IsExcluded(existing))
            {
                EventHeader header = EventHeader.From(existing.Header);
                header.Socket = existing.Tuple;
                _context!.Earlier.Exists(header);
            }

            // A socket that several processes hold is there once for each.
            if (_known.Add(existing.Sk) && !IsExcluded(existing))
            {
                Publish(ConnectionState.Types.State.Existing, existing);
            }
        }

        _known.Clear();
    }

    private void Wait(in ConnectionRecord accepted)
    {
        if (_waiting.Count >= MostWaiting)
        {
            Publish(ConnectionState.Types.State.Accepted, accepted);
            return;
        }

        _waiting[accepted.Sk] = accepted;
    }

    private void OnOwned(in ConnectionRecord owned)
    {
        if (!_waiting.Remove(owned.Sk, out ConnectionRecord accepted) || IsExcluded(owned))
        {
            return;
        }

        ulong at = accepted.Header.BootNs;
        accepted.Header = owned.Header;
        accepted.Header.BootNs = at;
        Publish(ConnectionState.Types.State.Accepted, accepted);
    }

    private void OnClosed(in ConnectionRecord closed)
    {
        PublishWaiting(closed.Sk);
        _context!.Earlier.Ended(closed.Tuple);
        if (!IsExcluded(closed))
        {
            Publish(ConnectionState.Types.State.Closed, closed);
        }
    }

    private void PublishWaiting(ulong sk)
    {
        if (_waiting.Remove(sk, out ConnectionRecord accepted))
        {
            Publish(ConnectionState.Types.State.Accepted, accepted);
        }
    }

    private static bool IsExcluded(in ConnectionRecord record) => (record.Header.Flags & RecordExcluded) != 0;

    private void Publish(ConnectionState.Types.State state, in ConnectionRecord record)
    {
        EventHeader header = EventHeader.From(record.Header);
        header.Socket = record.Tuple;
        _context!.Publisher.Publish(
            Topics.Connection, header, new Event { ConnectionState = new ConnectionState { State = state } });
    }
}
