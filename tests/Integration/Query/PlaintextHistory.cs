using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Querying;

/// <summary>What an agent without the packet module and without secrets says of sessions: plaintext, statements, states of connections.</summary>
internal sealed class PlaintextHistory
{
    public const ulong Begin = 1_795_200_000_000_000_000;
    public const ulong Millisecond = 1_000_000;

    private readonly ByteString _run = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray(bigEndian: true));
    private readonly Dictionary<string, ulong> _sequences = [];

    public List<Event> Events { get; } = [];

    public static Flow FlowOf(string local, ushort localPort, string remote, ushort remotePort)
    {
        byte[] here = System.Net.IPAddress.Parse(local).GetAddressBytes();
        byte[] there = System.Net.IPAddress.Parse(remote).GetAddressBytes();
        return new Flow
        {
            LocalAddress = ByteString.CopyFrom(here),
            LocalPort = localPort,
            RemoteAddress = ByteString.CopyFrom(there),
            RemotePort = remotePort,
            Protocol = 6,
            NetworkNamespace = 4_026_531_840,
            Id = CommunityId.FlowId(here, localPort, there, remotePort, 6),
        };
    }

    public void State(ulong milliseconds, ulong connection, Flow flow, ConnectionState.Types.State state, string process = "curl", uint pid = 71)
    {
        // The kernel tells of a socket, the library's call ties it to its connection.
        Event e = Base(Topics.Connection, milliseconds, process, pid);
        e.Flow = flow;
        e.ConnectionState = new ConnectionState { State = state };
        if (state != ConnectionState.Types.State.Closed)
        {
            Event link = Base(Topics.Connection, milliseconds, process, pid);
            link.Connection = connection;
            link.Flow = flow;
            link.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Socket, FromNs = link.BootNs };
        }
    }

    public void Tls(ulong milliseconds, ulong connection, Flow? flow, bool isSent, ulong offset, byte[] data, string topic = Topics.Tls, string process = "curl", uint pid = 71)
    {
        Event e = Base(topic, milliseconds, process, pid);
        e.Connection = connection;
        e.Flow = flow;
        e.TlsData = new TlsData { Direction = isSent ? Direction.Sent : Direction.Received, Library = "openssl", Offset = offset, Data = ByteString.CopyFrom(data) };
    }

    public void Sql(ulong milliseconds, string topic, Flow? flow, ulong connection, SqlStatement statement, uint pid)
    {
        Event e = Base(topic, milliseconds, topic == Topics.Postgres ? "postgres" : "mariadbd", pid);
        e.Connection = connection;
        e.Flow = flow;
        statement.System = topic == Topics.Postgres ? "postgresql" : "mariadb";
        statement.User = ByteString.CopyFromUtf8("app");
        statement.Database = ByteString.CopyFromUtf8("shop");
        statement.DurationNs = Millisecond / 2;
        e.SqlStatement = statement;
    }

    /// <summary>A packet on a flow that is not made up.</summary>
    public void Packet(ulong milliseconds, Flow flow, byte[] frame)
    {
        Event e = Base(Topics.Packet, milliseconds, "curl", 71);
        e.Flow = flow;
        e.Packet = new Packet { Interface = "eth0", Direction = Direction.Sent, LinkType = 1, OriginalLength = (uint)frame.Length, Data = ByteString.CopyFrom(frame) };
    }

    public static SqlStatement Ok(string text, string tag, ulong rows) => new()
    {
        Kind = SqlStatement.Types.Kind.Simple,
        Statement = ByteString.CopyFromUtf8(text),
        CommandTag = ByteString.CopyFromUtf8(tag),
        Rows = rows,
        Outcome = SqlStatement.Types.Outcome.Ok,
    };

    public static SqlStatement Error(string text, string state, string message, uint number) => new()
    {
        Kind = SqlStatement.Types.Kind.Simple,
        Statement = ByteString.CopyFromUtf8(text),
        Outcome = SqlStatement.Types.Outcome.Error,
        ErrorCode = state,
        ErrorNumber = number,
        ErrorMessage = ByteString.CopyFromUtf8(message),
    };

    public static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private Event Base(string topic, ulong milliseconds, string process, uint pid)
    {
        ulong sequence = _sequences.GetValueOrDefault(topic);
        _sequences[topic] = sequence + 1;
        var e = new Event
        {
            Run = _run,
            Topic = topic,
            Sequence = sequence,
            Schema = 1,
            Host = "web1",
            Boot = ByteString.CopyFrom(new byte[16]),
            WallNs = Begin + (milliseconds * Millisecond),
            BootNs = milliseconds * Millisecond,
            Process = new Process { Pid = pid, StartNs = 5, Uid = 33, Name = ByteString.CopyFromUtf8(process) },
        };
        Events.Add(e);
        return e;
    }
}
