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
public sealed class MysqldModule : DatabaseModule
{
    private readonly Dictionary<SessionKey, ClientSession> _sessions = [];
    private ServerPrograms? _programs;
    private MySqlLimits? _limits;

    /// <inheritdoc/>
    public override string Name => "mysqld";

    private protected override uint RingMember => DataRecord.Received / 16;

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleTarget> Targets => _programs?.Targets ?? [];

    /// <inheritdoc/>
    public override void OnRecord(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out DataRecord data) || data.DataLength > record.Length - Unsafe.SizeOf<DataRecord>())
        {
            Context.Losses.Count(Name, "record too short");
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
            Context.Losses.Count(Name, "record of an unknown kind");
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        foreach ((SessionKey key, ClientSession session) in _sessions.ToList())
        {
            End(key, session.Birth, Context.BootNs());
        }
    }

    private protected override void Prepare(BtfTypes types)
    {
        RecordLayout.Check<DataRecord>(types);
        RecordLayout.Check<SessionKey>(types);
        ServerPrograms.Prepare(Object);
    }

    private protected override void Attach()
    {
        _limits = new MySqlLimits { Payload = Context.Options.PayloadLimit };
        _programs = new ServerPrograms(Context, Object);
        _programs.AttachAll();
    }

    private protected override void Look(StartedProcess process) => _programs?.Look(process);

    // Servers that ended without closing their sessions.
    private protected override void Sweep(ulong bootNs)
    {
        HashSet<uint> gone = [.. _sessions.Keys.Select(k => k.Pid).Distinct().Where(pid => !Directory.Exists($"/proc/{pid}"))];
        foreach (SessionKey key in _sessions.Keys.Where(k => gone.Contains(k.Pid)).ToList())
        {
            End(key, _sessions[key].Birth, bootNs);
            Object.Maps["mysqld_sessions"].Remove(key);
        }
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
                Context.Losses.Count(Name, $"more than {MostSessions} sessions");
                return;
            }

            session = _sessions[key] = new ClientSession(record, Context.Connections.Next(), _limits!, Publish);
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
            if (record.LeftOut > 0)
            {
                protocol.ReceivedLeftOut(record.Header.BootNs, record.Offset - record.LeftOut, record.LeftOut);
            }

            protocol.Received(record.Header.BootNs, record.Offset, data);
        }
        else
        {
            if (record.LeftOut > 0)
            {
                protocol.SentLeftOut(record.Header.BootNs, record.Offset - record.LeftOut, record.LeftOut, record.Messages);
            }

            protocol.Sent(record.Header.BootNs, record.Offset, data);
        }

        if (session.TakeLosses() is > 0 and long losses)
        {
            Context.Losses.Count(Name, "bytes of a session are missing", (ulong)losses);
        }

        if (protocol.NotFollowed is { } reason)
        {
            string client = DatabaseClient.AddressOf(session.Socket) ?? "unknown client";
            Context.NotCovered("session", protocol.User.Length > 0 ? $"{Encoding.UTF8.GetString(protocol.User.Span)}@{client}" : client, "its statements are not seen: " + reason);
        }

        if (protocol.HasEnded)
        {
            Ignore(session, key);
        }
    }

    private bool Exclude(ClientSession session, SessionKey key)
    {
        if (Excluded(session.Socket, session.Protocol.User, ref session.Looks, session.Server.BootNs) is null)
        {
            return false;
        }

        Ignore(session, key);
        return true;
    }

    private void Ignore(ClientSession session, SessionKey key)
    {
        session.IsIgnored = true;
        Object.Maps["mysqld_ignored"].Set(key, session.Birth);
    }

    private void End(SessionKey key, ulong birth, ulong bootNs)
    {
        if (_sessions.TryGetValue(key, out ClientSession? session) && session.Birth == birth)
        {
            _sessions.Remove(key);
            session.Protocol.End(bootNs);
            if (session.IsIgnored)
            {
                Object.Maps["mysqld_ignored"].Remove(key);
            }
        }
    }

    private void Publish(ClientSession session, MySqlStatement statement)
    {
        // A session whose user is known only by now, or whose client was noted late.
        if (Excluded(session.Socket, session.Protocol.User, ref session.Looks, session.Server.BootNs) is not null)
        {
            return;
        }

        EventHeader header = EventHeader.From(session.Server);
        header.BootNs = statement.ArrivedNs;
        header.Connection = session.Connection;
        header.Socket = session.Socket;
        header.OriginalLength = (ulong)statement.OriginalLength;
        Context.Publisher.Publish(Topics.Mysqld, header, StatementEvent.Of(session, statement));
    }
}
