using System.Buffers.Binary;
using System.Globalization;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Benchmarks.Sink;

/// <summary>
/// Events of one agent run, 300 bytes of frame or statement each, every field set, 3.6 µs apart within one day. The same seed gives the same events.
/// </summary>
/// <param name="topic">Packets, or PostgreSQL's statements.</param>
internal sealed class EncodedEvents(string topic)
{
    private readonly Random _random = new(1);
    private readonly byte[] _frame = new byte[300];
    private readonly byte[] _local = [10, 0, 0, 1];
    private readonly byte[] _remote = new byte[4];
    private readonly ByteString _run = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray(bigEndian: true));
    private readonly ByteString _boot = ByteString.CopyFrom(Guid.NewGuid().ToByteArray());
    private readonly ulong _wallNs = (ulong)new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000_000;
    private ulong _next;

    /// <summary>The next events of the run.</summary>
    public byte[][] Next(int count)
    {
        byte[][] events = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            events[i] = Next();
        }

        return events;
    }

    private byte[] Next()
    {
        ulong sequence = _next++;
        _random.NextBytes(_frame.AsSpan(0, 60)); // the rest compresses, as text in frames does
        ulong connection = (ulong)_random.Next(20_000);
        BinaryPrimitives.WriteUInt32BigEndian(_remote, 0x0A000000 + (uint)connection);
        Event made = new()
        {
            Run = _run,
            Topic = topic,
            Sequence = sequence,
            Schema = 1,
            Host = "bench-host",
            Boot = _boot,
            BootNs = 1_000_000_000_000 + (sequence * 3_600),
            WallNs = _wallNs + (sequence * 3_600),
            Process = new Process { Pid = 4_000 + (uint)(connection % 50), StartNs = 77_000_000, Name = ByteString.CopyFromUtf8("nginx"), Uid = 33, Tid = 4_000 },
            Connection = 0x5A5A_0000_0000_0000 + connection,
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(_local),
                LocalPort = 443,
                RemoteAddress = ByteString.CopyFrom(_remote),
                RemotePort = 1024 + (uint)connection,
                Protocol = 6,
                NetworkNamespace = 4_026_531_840,
                Id = connection * 0x9E37_79B9_7F4A_7C15,
            },
        };
        if (topic == Topics.Postgres)
        {
            made.SqlStatement = new SqlStatement
            {
                System = "postgresql",
                Kind = SqlStatement.Types.Kind.Simple,
                User = ByteString.CopyFromUtf8("app"),
                Database = ByteString.CopyFromUtf8("shop"),
                Statement = ByteString.CopyFromUtf8(Statement(connection)),
                Outcome = SqlStatement.Types.Outcome.Ok,
                DurationNs = 70_000 + connection,
            };
        }
        else
        {
            made.Packet = new Packet
            {
                Interface = "eth0",
                InterfaceIndex = 2,
                Direction = Direction.Sent,
                LinkType = 1,
                OriginalLength = 300,
                Data = ByteString.CopyFrom(_frame),
            };
        }

        return made.ToByteArray();
    }

    // 300 bytes, of which names and numbers differ.
    private string Statement(ulong connection) => string.Create(
        CultureInfo.InvariantCulture,
        $"SELECT o.id, o.total, c.name, c.mail FROM orders_{connection % 30} AS o JOIN customers AS c ON c.id = o.customer WHERE o.customer = {_random.Next(1_000_000)} AND o.day >= '2026-{1 + (connection % 12):00}-01' AND c.name ~* '{Convert.ToHexStringLower(_frame, 0, 8)}' AND o.total > {_random.Next(10_000)} ORDER BY o.day DESC LIMIT 20").PadRight(300);
}
