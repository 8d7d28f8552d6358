using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Databases;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Postgres;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>
/// Publishes the statements of PostgreSQL servers, from the decrypted bytes that they exchange with their clients. See
/// <see cref="PostgresSession"/> for what counts as one statement.
/// </summary>
public sealed class PostgresModule : IModule, IRecordHandler, IProcessObserver
{
    private const int MostSessions = 16 * 1024;
    private const ulong WorthSkipping = 64 * 1024;
    private const ulong SweepEveryNs = 10_000_000_000;

    private readonly Dictionary<(uint Pid, ulong Start), ServerSession> _sessions = [];
    private readonly HashSet<string> _declared = [];
    private ModuleContext? _context;
    private BpfObject? _object;
    private ServerTargets? _targets;
    private Exclusion? _exclusion;
    private PostgresLimits? _limits;
    private ulong _nextSweep;

    /// <inheritdoc/>
    public string Name => "postgres";

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_targets?.Count ?? 0, "server program", "server programs");

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        _limits = new PostgresLimits { Payload = context.Options.PayloadLimit };
        _exclusion = new Exclusion(context.SharedMaps, context.Options.ExcludedDatabaseUsers);
        BpfObject obj = _object = context.OpenObject("postgres");
        BtfTypes types = obj.ReadTypes();
        RecordLayout.Check<SocketTuple>(types);
        RecordLayout.Check<SocketOwner>(types);
        RecordLayout.Check<DataRecord>(types);
        RecordLayout.Check<UnwantedBytes>(types);
        ServerTargets.Prepare(obj);
        obj.Load();
        context.Losses.Watch(Name, obj);
        context.Rings.Add(obj.Maps["events"], this);
        context.Processes.Subscribe(this);
        obj.Attach("on_exit");
        _targets = new ServerTargets(context, obj);
        _targets.AttachAll();
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out RecordHeader header))
        {
            _context!.Losses.Count(Name, "record too short");
        }
        else if (header.Type == DataRecord.End)
        {
            End((header.Pid, header.ProcessStart), header.BootNs);
        }
        else if (header.Type is DataRecord.Received or DataRecord.Sent && MemoryMarshal.TryRead(record, out DataRecord data)
            && data.DataLength <= record.Length - Unsafe.SizeOf<DataRecord>())
        {
            OnData(data, record.Slice(Unsafe.SizeOf<DataRecord>(), (int)data.DataLength));
        }
        else
        {
            _context!.Losses.Count(Name, "record of an unknown kind");
        }
    }

    void IProcessObserver.OnStarted(StartedProcess process) => _targets?.Look(process);

    void IProcessObserver.OnEnded(in ExitRecord process)
    {
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        _targets?.Settle();
        if (bootNs < _nextSweep)
        {
            return;
        }

        _nextSweep = bootNs + SweepEveryNs;
        foreach ((uint Pid, ulong Start) gone in _sessions.Keys.Where(k => !Directory.Exists($"/proc/{k.Pid}")).ToList())
        {
            End(gone, bootNs); // its last record was lost
        }
    }

    /// <inheritdoc/>
    public void Detach() => _object?.Detach();

    /// <inheritdoc/>
    public void Flush()
    {
        foreach ((uint Pid, ulong Start) session in _sessions.Keys.ToList())
        {
            End(session, _context!.BootNs());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context?.Processes.Unsubscribe(this);
        _object?.Dispose();
    }

    private void OnData(in DataRecord record, ReadOnlySpan<byte> data)
    {
        (uint, ulong) key = (record.Header.Pid, record.Header.ProcessStart);
        if (!_sessions.TryGetValue(key, out ServerSession? session))
        {
            if (_sessions.Count >= MostSessions)
            {
                _context!.Losses.Count(Name, $"more than {MostSessions} sessions");
                return;
            }

            session = _sessions[key] = new ServerSession(record.Header, _targets!.TakeTitle(record.Header), _limits!, Publish);
        }

        session.Process = record.Header;
        if (session.Socket.Family == 0)
        {
            session.Socket = record.Tuple;
        }

        if (session.IsExcluded || Exclude(session))
        {
            return;
        }

        if (record.Header.Type == DataRecord.Received)
        {
            session.Protocol.Received(record.Header.BootNs, record.Offset, data);
        }
        else
        {
            session.Protocol.Sent(record.Header.BootNs, record.Offset, data);
        }

        if (session.TakeLosses() is > 0 and long losses)
        {
            _context!.Losses.Count(Name, "bytes of a session are missing", (ulong)losses);
        }

        Skip(session, record.Offset + (ulong)data.Length);
    }

    // Rows of a large result and the like need not be copied: only their length matters, and that is known.
    private void Skip(ServerSession session, ulong seen)
    {
        ulong received = session.Protocol.ReceivedUnwantedUntil;
        ulong sent = session.Protocol.SentUnwantedUntil;
        if ((received > seen + WorthSkipping && received != session.Unwanted.ReceivedUntil)
            || (sent > seen + WorthSkipping && sent != session.Unwanted.SentUntil))
        {
            Tell(session, received, sent);
        }
    }

    private bool Exclude(ServerSession session)
    {
        if (_exclusion!.Find(session.Socket, session.User, ref session.Looks) is not { } reason)
        {
            return false;
        }

        session.IsExcluded = true;
        Tell(session, ulong.MaxValue, ulong.MaxValue);
        if (_declared.Count < MostSessions && _declared.Add(reason))
        {
            _context!.Publisher.Publish(
                Topics.Agent,
                new EventHeader { BootNs = session.Process.BootNs },
                new Event { AgentState = new AgentState { State = AgentState.Types.State.Excluded, Module = Name, Detail = reason } });
        }

        return true;
    }

    private void Tell(ServerSession session, ulong received, ulong sent)
    {
        session.Unwanted = new UnwantedBytes { ProcessStart = session.Process.ProcessStart, ReceivedUntil = received, SentUntil = sent };
        _object!.Maps["postgres_unwanted"].Set(session.Process.Pid, session.Unwanted);
    }

    private void End((uint Pid, ulong Start) key, ulong bootNs)
    {
        if (_sessions.Remove(key, out ServerSession? session))
        {
            session.Protocol.End(bootNs);
            if (session.Unwanted.ProcessStart != 0)
            {
                _object!.Maps["postgres_unwanted"].Remove(key.Pid);
            }
        }
    }

    private void Publish(ServerSession session, PostgresStatement statement)
    {
        // A session whose user is known only by now, or whose client was noted late.
        if (Exclude(session))
        {
            return;
        }

        EventHeader header = EventHeader.From(session.Process);
        header.BootNs = statement.ArrivedNs;
        header.Socket = session.Socket;
        header.OriginalLength = (ulong)statement.OriginalLength;
        _context!.Publisher.Publish(Topics.Postgres, header, SqlEvent.Of(session, statement));
    }
}
