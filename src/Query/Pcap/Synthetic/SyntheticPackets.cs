using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Storage;
using ECapture.Storage.Reading;
using Google.Protobuf;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>Makes the packets of the sessions that only plaintext or statements were captured of, in the order of their times, at flat memory.</summary>
internal sealed class SyntheticPackets(IEventStoreReader store, Rebuild rebuild, TimeRange? window, PcapngWriter writer, bool manyHosts) : IAsyncDisposable
{
    /// <summary>Name of their interface.</summary>
    public const string Interface = "synthetic";

    private const int MostConnectionRows = 100;

    private readonly SyntheticSource _source = new(store, rebuild, window);
    private readonly Dictionary<Session, SyntheticStream> _streams = [];
    private readonly Dictionary<(SyntheticStream Stream, ulong Connection), (bool IsLocalClient, ulong Sent, ulong Received)> _connections = [];
    private readonly Dictionary<string, int> _interfaces = new(StringComparer.Ordinal);
    private readonly PriorityQueue<(long Time, SyntheticStream Stream, byte[]? Response), long> _later = new();
    private readonly byte[] _frame = new byte[SyntheticStream.FrameLength];

    /// <summary>Packets so far.</summary>
    public long Packets => _streams.Values.Sum(s => s.Frames);

    /// <summary>Writes the packets up to a time.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    public async ValueTask WriteUntilAsync(long time, CancellationToken cancellationToken)
    {
        while (true)
        {
            (StoredEvent Event, Session Session)? next = await _source.PeekAsync(cancellationToken).ConfigureAwait(false);
            if (_later.TryPeek(out (long Time, SyntheticStream Stream, byte[]? Response) later, out _) && later.Time <= time && !(next?.Event.Time < later.Time))
            {
                _later.Dequeue();
                WriteLater(later.Time, later.Stream, later.Response);
            }
            else if (next is { } found && found.Event.Time <= time)
            {
                await WriteAsync(found.Session, found.Event, cancellationToken).ConfigureAwait(false);
                _source.Take();
            }
            else
            {
                return;
            }

            if (writer.ShouldFlush)
            {
                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static void WriteLater(long time, SyntheticStream stream, byte[]? response)
    {
        if (response is null)
        {
            stream.Close(time);
        }
        else
        {
            stream.Data(time, fromClient: false, stream.Position(false), response, (ulong)response.Length);
        }
    }

    private async Task WriteAsync(Session session, StoredEvent stored, CancellationToken cancellationToken)
    {
        Event e = stored.Event;
        IStatementMessages? messages = e.PayloadCase != Event.PayloadOneofCase.SqlStatement ? null : stored.Id.Topic == Topics.Postgres ? new PostgresMessages() : new MySqlMessages();
        if (!_streams.TryGetValue(session, out SyntheticStream? stream))
        {
            Flow? flow = await FlowOfAsync(e, cancellationToken).ConfigureAwait(false);
            stream = Begin(session, stored, flow, messages);
        }

        if (messages is not null)
        {
            WriteStatement(stream, stored, messages);
            return;
        }

        if (!_connections.TryGetValue((stream, e.Connection), out (bool IsLocalClient, ulong Sent, ulong Received) connection))
        {
            // The next run of an agent counts from 0 again; the other end of a loopback is another connection, which says the same.
            bool isLocalClient = IsLocalClient(session, e, await FlowOfAsync(e, cancellationToken).ConfigureAwait(false)) ?? stream.IsLocalClient;
            connection = (isLocalClient, stream.Position(isLocalClient), stream.Position(!isLocalClient));
            _connections.Add((stream, e.Connection), connection);
        }

        if (connection.IsLocalClient == stream.IsLocalClient)
        {
            bool isSent = e.TlsData.Direction == Direction.Sent;
            ulong length = Math.Max((ulong)e.TlsData.Data.Length, e.Truncation?.Length ?? 0);
            stream.Data(stored.Time, isSent == stream.IsLocalClient, (isSent ? connection.Sent : connection.Received) + e.TlsData.Offset, e.TlsData.Data.Span, length, Cut(e, e.TlsData.Data, "data"));
        }
    }

    private void WriteStatement(SyntheticStream stream, StoredEvent stored, IStatementMessages messages)
    {
        SqlStatement statement = stored.Event.SqlStatement;
        byte[] request = messages.Request(statement);
        // A message that ends where the statement was cut: a length of what is not there would make the dissector wait for it.
        stream.Data(stored.Time, fromClient: true, stream.Position(true), request, (ulong)request.Length, Cut(stored.Event, statement.Statement, "the statement"));
        byte[] response = messages.Response(statement);
        if (response.Length > 0)
        {
            Later(Session.Saturated(stored.Time, (long)Math.Min(statement.DurationNs, long.MaxValue)), stream, response);
        }
    }

    private static string? Cut(Event e, ByteString kept, string what) =>
        e.Truncation is { } cut && cut.Length > (ulong)kept.Length
            ? string.Create(CultureInfo.InvariantCulture, $"{what} was cut: {kept.Length} of {cut.Length} bytes were kept") : null;

    private SyntheticStream Begin(Session session, StoredEvent stored, Flow? flow, IStatementMessages? messages)
    {
        Event e = stored.Event;
        bool isLocalClient = messages is null && (IsLocalClient(session, e, flow) ?? e.TlsData.Direction == Direction.Sent);
        SyntheticEnds ends = SyntheticEnds.Of(flow, isLocalClient, _streams.Count);
        ushort port = ends.Server.Port;
        ends = ends with { Server = (ends.Server.Address, messages?.Port ?? ServerPorts.Of(port, e.TlsData.Data.Span)) };
        var comment = new StringBuilder();
        if (e.Process is { Pid: > 0 } process)
        {
            comment.Append(ProcessComment.Of(process.Name.ToStringUtf8(), process.Pid, manyHosts ? e.Host : null)).Append("; ");
        }

        comment.Append("synthetic: made of what module ").Append(stored.Id.Topic).Append(" captured");
        if (ends.IsMadeUp)
        {
            comment.Append("; its socket was not seen, addresses are made up");
        }
        else if (port != ends.Server.Port)
        {
            comment.Append(CultureInfo.InvariantCulture, $"; the server's port was {port}");
        }

        var stream = new SyntheticStream(writer, InterfaceOf(e.Host), ends, isLocalClient, e.Process?.Pid ?? 0, comment.ToString(), _frame);
        _streams.Add(session, stream);
        stream.Open(stored.Time);
        foreach ((bool fromClient, byte[] data) in messages?.Opening(e.SqlStatement) ?? [])
        {
            stream.Data(stored.Time, fromClient, stream.Position(fromClient), data, (ulong)data.Length);
        }

        if ((session.End ?? session.Closed) is { } end)
        {
            Later(end, stream, null);
        }

        return stream;
    }

    private void Later(long time, SyntheticStream stream, byte[]? response)
    {
        if (window is null || time < window.Value.To)
        {
            _later.Enqueue((time, stream, response), time);
        }
    }

    private int InterfaceOf(string host)
    {
        if (!_interfaces.TryGetValue(host, out int number))
        {
            _interfaces.Add(host, number = writer.WriteInterface(new PcapngInterface(Interface, IpTcpFrame.LinkType, $"host {host}: packets made of captured plaintext")));
        }

        return number;
    }

    /// <summary>Null when nothing says it.</summary>
    private static bool? IsLocalClient(Session session, Event e, Flow? flow) =>
        session.Opened.Contains(e.Connection) ? true
        : session.Accepted.Contains(e.Connection) ? false
        : flow is null || flow.LocalPort == flow.RemotePort ? null
        : session.ClientPort != 0 ? flow.LocalPort == session.ClientPort
        : session.ServerPort != 0 ? flow.LocalPort != session.ServerPort
        : flow.LocalPort > flow.RemotePort; // servers have the smaller port, mostly

    /// <summary>A library's call may know its connection alone; what was told of the connection knows the flow.</summary>
    private async Task<Flow?> FlowOfAsync(Event e, CancellationToken cancellationToken)
    {
        if (e.Flow is not null || e.Connection == 0)
        {
            return e.Flow;
        }

        var filter = new EventFilter { Topics = [Topics.Connection], Hosts = [e.Host], Connections = [e.Connection] };
        await foreach (StoredEvent stored in store.SearchAsync(filter, EventOrder.Oldest, null, MostConnectionRows, cancellationToken).ConfigureAwait(false))
        {
            if (stored.Event.Flow is { } flow)
            {
                return flow;
            }
        }

        return null;
    }
}
