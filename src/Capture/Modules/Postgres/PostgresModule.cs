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
public sealed class PostgresModule : DatabaseModule
{
    private const ulong WorthSkipping = 64 * 1024;

    private readonly Dictionary<(uint Pid, ulong Start), ServerSession> _sessions = [];
    private ServerTargets? _targets;
    private PostgresLimits? _limits;

    /// <inheritdoc/>
    public override string Name => "postgres";

    private protected override uint RingMember => DataRecord.Received / 16;

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleTarget> Targets => _targets?.Targets ?? [];

    /// <inheritdoc/>
    public override void OnRecord(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out RecordHeader header))
        {
            Context.Losses.Count(Name, "record too short");
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
            Context.Losses.Count(Name, "record of an unknown kind");
        }
    }

    /// <inheritdoc/>
    public override void Tick(ulong bootNs)
    {
        _targets?.Settle();
        base.Tick(bootNs);
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        foreach ((uint Pid, ulong Start) session in _sessions.Keys.ToList())
        {
            End(session, Context.BootNs());
        }
    }

    private protected override void Prepare(BtfTypes types)
    {
        RecordLayout.Check<DataRecord>(types);
        RecordLayout.Check<UnwantedBytes>(types);
        ServerTargets.Prepare(Object);
    }

    private protected override void Attach()
    {
        _limits = new PostgresLimits { Payload = Context.Options.PayloadLimit };
        Object.Attach("on_exit");
        _targets = new ServerTargets(Context, Object);
        _targets.AttachAll();
    }

    private protected override void Look(StartedProcess process) => _targets?.Look(process);

    private protected override void Sweep(ulong bootNs)
    {
        foreach ((uint Pid, ulong Start) gone in _sessions.Keys.Where(k => !Directory.Exists($"/proc/{k.Pid}")).ToList())
        {
            End(gone, bootNs); // its last record was lost
        }
    }

    private void OnData(in DataRecord record, ReadOnlySpan<byte> data)
    {
        (uint, ulong) key = (record.Header.Pid, record.Header.ProcessStart);
        if (!_sessions.TryGetValue(key, out ServerSession? session))
        {
            if (_sessions.Count >= MostSessions)
            {
                Context.Losses.Count(Name, $"more than {MostSessions} sessions");
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

        Feed(session.Protocol, record, data);

        if (session.TakeLosses() is > 0 and long losses)
        {
            Context.Losses.Count(Name, "bytes of a session are missing", (ulong)losses);
        }

        Skip(session, record.Offset + (ulong)data.Length);
    }

    private static void Feed(PostgresSession protocol, in DataRecord record, ReadOnlySpan<byte> data)
    {
        ulong now = record.Header.BootNs;
        bool begins = (record.Header.Flags & DataRecord.MessageBegins) != 0;
        if (record.Header.Type == DataRecord.Received)
        {
            if (record.LeftOut > 0)
            {
                protocol.ReceivedLeftOut(now, record.Offset - record.LeftOut, record.LeftOut);
            }

            protocol.Received(now, record.Offset, data, begins);
        }
        else
        {
            if (record.LeftOut > 0)
            {
                protocol.SentLeftOut(now, record.Offset - record.LeftOut, record.LeftOut, record.Messages);
            }

            protocol.Sent(now, record.Offset, data, begins);
        }
    }

    // While the kernel is not certain where messages begin it copies everything, but for the rest of a large row and
    // the like: only its length matters, and that is known.
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
        if (Excluded(session.Socket, session.User, ref session.Looks, session.Process.BootNs) is null)
        {
            return false;
        }

        session.IsExcluded = true;
        Tell(session, ulong.MaxValue, ulong.MaxValue);
        return true;
    }

    private void Tell(ServerSession session, ulong received, ulong sent)
    {
        session.Unwanted = new UnwantedBytes { ProcessStart = session.Process.ProcessStart, ReceivedUntil = received, SentUntil = sent };
        Object.Maps["postgres_unwanted"].Set(session.Process.Pid, session.Unwanted);
    }

    private void End((uint Pid, ulong Start) key, ulong bootNs)
    {
        if (_sessions.Remove(key, out ServerSession? session))
        {
            session.Protocol.End(bootNs);
            if (session.Unwanted.ProcessStart != 0)
            {
                Object.Maps["postgres_unwanted"].Remove(key.Pid);
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
        Context.Publisher.Publish(Topics.Postgres, header, SqlEvent.Of(session, statement));
    }
}
