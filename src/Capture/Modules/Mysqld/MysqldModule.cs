using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Databases;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.MySql;
using Google.Protobuf;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary>
/// Publishes the statements of MariaDB and MySQL servers, from the decrypted bytes that they exchange with their clients. See
/// <see cref="MySqlSession"/> for what counts as one statement.
/// </summary>
public sealed class MysqldModule : IModule, IRecordHandler, IProcessObserver
{
    private const int MostSessions = 16 * 1024;
    private const ulong SweepEveryNs = 10_000_000_000;

    private readonly Dictionary<SessionKey, ClientSession> _sessions = [];
    private readonly HashSet<string> _declared = [];
    private ModuleContext? _context;
    private BpfObject? _object;
    private ServerPrograms? _programs;
    private Exclusion? _exclusion;
    private MySqlLimits? _limits;
    private ulong _nextSweep;

    /// <inheritdoc/>
    public string Name => "mysqld";

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_programs?.Count ?? 0, "server program", "server programs");

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        _limits = new MySqlLimits { Payload = context.Options.PayloadLimit };
        _exclusion = new Exclusion(context.SharedMaps, context.Options.ExcludedDatabaseUsers);
        BpfObject obj = _object = context.OpenObject("mysqld");
        BtfTypes types = obj.ReadTypes();
        RecordLayout.Check<SocketTuple>(types);
        RecordLayout.Check<DataRecord>(types);
        RecordLayout.Check<SessionKey>(types);
        ServerPrograms.Prepare(obj);
        obj.Load();
        context.Losses.Watch(Name, obj);
        context.Rings.Add(obj.Maps["events"], this);
        context.Processes.Subscribe(this);
        _programs = new ServerPrograms(context, obj, (target, reason) => NotCovered("mysqld", target, reason));
        _programs.AttachAll();
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out DataRecord data) || data.DataLength > record.Length - Unsafe.SizeOf<DataRecord>())
        {
            _context!.Losses.Count(Name, "record too short");
        }
        else if (data.Header.Type == DataRecord.End)
        {
            End(KeyOf(data), data.Birth, data.Header.BootNs);
        }
        else if (data.Header.Type is DataRecord.Received or DataRecord.Sent)
        {
            OnData(data, record.Slice(Unsafe.SizeOf<DataRecord>(), (int)data.DataLength));
        }
        else
        {
            _context!.Losses.Count(Name, "record of an unknown kind");
        }
    }

    void IProcessObserver.OnStarted(StartedProcess process) => _programs?.Look(process);

    void IProcessObserver.OnEnded(in ExitRecord process)
    {
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        if (bootNs < _nextSweep)
        {
            return;
        }

        // Servers that ended without closing their sessions.
        _nextSweep = bootNs + SweepEveryNs;
        HashSet<uint> gone = [.. _sessions.Keys.Select(k => k.Pid).Distinct().Where(pid => !Directory.Exists($"/proc/{pid}"))];
        foreach (SessionKey key in _sessions.Keys.Where(k => gone.Contains(k.Pid)).ToList())
        {
            End(key, _sessions[key].Birth, bootNs);
            _object!.Maps["mysqld_sessions"].Remove(key);
        }
    }

    /// <inheritdoc/>
    public void Detach() => _object?.Detach();

    /// <inheritdoc/>
    public void Flush()
    {
        foreach ((SessionKey key, ClientSession session) in _sessions.ToList())
        {
            End(key, session.Birth, _context!.BootNs());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context?.Processes.Unsubscribe(this);
        _object?.Dispose();
    }

    private static SessionKey KeyOf(in DataRecord record) => new() { Vio = record.Vio, Pid = record.Header.Pid };

    private void OnData(in DataRecord record, ReadOnlySpan<byte> data)
    {
        SessionKey key = KeyOf(record);
        if (_sessions.TryGetValue(key, out ClientSession? session) && session.Birth != record.Birth)
        {
            End(key, session.Birth, record.Header.BootNs); // its last record was lost
            session = null;
        }

        if (session is null)
        {
            if (_sessions.Count >= MostSessions)
            {
                _context!.Losses.Count(Name, $"more than {MostSessions} sessions");
                return;
            }

            session = _sessions[key] = new ClientSession(record, _context!.Connections.Next(), _limits!, Publish);
        }

        session.Server = record.Header;
        if (session.Socket.Family == 0)
        {
            session.Socket = record.Tuple;
        }

        if (session.IsIgnored || Exclude(session, key))
        {
            return;
        }

        MySqlSession protocol = session.Protocol;
        if (record.Header.Type == DataRecord.Received)
        {
            protocol.Received(record.Header.BootNs, record.Offset, data);
        }
        else
        {
            protocol.Sent(record.Header.BootNs, record.Offset, data);
        }

        if (session.TakeLosses() is > 0 and long losses)
        {
            _context!.Losses.Count(Name, "bytes of a session are missing", (ulong)losses);
        }

        if (protocol.NotFollowed is { } reason)
        {
            string client = DatabaseClient.AddressOf(session.Socket) ?? "unknown client";
            NotCovered("session", protocol.User.Length > 0 ? $"{Encoding.UTF8.GetString(protocol.User.Span)}@{client}" : client, "its statements are not seen: " + reason);
        }

        if (protocol.HasEnded)
        {
            Ignore(session, key);
        }
    }

    private bool Exclude(ClientSession session, SessionKey key)
    {
        if (_exclusion!.Find(session.Socket, session.Protocol.User, ref session.Looks) is not { } reason)
        {
            return false;
        }

        Ignore(session, key);
        if (_declared.Count < MostSessions && _declared.Add(reason))
        {
            _context!.Publisher.Publish(
                Topics.Agent,
                new EventHeader { BootNs = session.Server.BootNs },
                new Event { AgentState = new AgentState { State = AgentState.Types.State.Excluded, Module = Name, Detail = reason } });
        }

        return true;
    }

    private void Ignore(ClientSession session, SessionKey key)
    {
        session.IsIgnored = true;
        _object!.Maps["mysqld_ignored"].Set(key, session.Birth);
    }

    private void End(SessionKey key, ulong birth, ulong bootNs)
    {
        if (_sessions.TryGetValue(key, out ClientSession? session) && session.Birth == birth)
        {
            _sessions.Remove(key);
            session.Protocol.End(bootNs);
            if (session.IsIgnored)
            {
                _object!.Maps["mysqld_ignored"].Remove(key);
            }
        }
    }

    private void Publish(ClientSession session, MySqlStatement statement)
    {
        // A session whose user is known only by now, or whose client was noted late.
        if (_exclusion!.Find(session.Socket, session.Protocol.User, ref session.Looks) is not null)
        {
            return;
        }

        EventHeader header = EventHeader.From(session.Server);
        header.BootNs = statement.ArrivedNs;
        header.Connection = session.Connection;
        header.Socket = session.Socket;
        header.OriginalLength = (ulong)statement.OriginalLength;
        _context!.Publisher.Publish(Topics.Mysqld, header, StatementEvent.Of(session, statement));
    }

    private void NotCovered(string subject, string target, string reason) => _context!.Publisher.Publish(
        Topics.Agent,
        new EventHeader { BootNs = _context.BootNs() },
        new Event { Coverage = new Coverage { Subject = subject, Target = ByteString.CopyFromUtf8(target), Reason = reason } });
}
