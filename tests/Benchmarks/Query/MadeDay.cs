using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Benchmarks.Query;

/// <summary>
/// One day of a made history, in the order of time: TLS sessions of four hosts with states, links and secrets, and a tenth as many plaintext, SQL, shell and
/// process events. The same day is the same events.
/// </summary>
/// <param name="day">The day.</param>
/// <param name="packets">Its packets, evenly spread.</param>
/// <param name="events">Its other events beside those of the sessions.</param>
/// <param name="cutAt">Bytes kept of a frame.</param>
internal sealed class MadeDay(DateOnly day, long packets, long events, int cutAt)
{
    /// <summary>Sessions at any time.</summary>
    private const int Concurrent = 50;

    /// <summary>A statement of these that holds what is searched for.</summary>
    private const int RareStatement = 50_000;

    private static readonly string[] s_hosts = ["web1", "web2", "web3", "db1"];
    private static readonly string[] s_labels =
        ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"];

    private readonly Random _random = new(day.DayNumber);
    private readonly byte[] _noise = new byte[16 << 20];
    private readonly MadeSession[] _sessions = new MadeSession[Concurrent];
    private readonly Dictionary<string, ulong> _sequences = [];
    private readonly ByteString _run = ByteString.CopyFrom(new Guid(day.DayNumber, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0).ToByteArray(bigEndian: true));
    private readonly ulong _begin = (ulong)(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks * 100;
    private ulong _nextSession = (ulong)day.DayNumber % 1000 * 10_000_000;
    private long _others;

    /// <summary>Makes the day.</summary>
    /// <param name="writer">Where it goes.</param>
    /// <param name="noted">The connection that is open in the middle of the day is told here.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WriteAsync(HistoryWriter writer, Action<ulong> noted, CancellationToken cancellationToken)
    {
        _random.NextBytes(_noise);
        ulong step = 24UL * 3_600_000_000_000 / (ulong)packets;
        for (long i = 0; i < packets; i++)
        {
            ulong wall = _begin + ((ulong)i * step);
            int slot = (int)(i % Concurrent);
            if (_sessions[slot] is not { Made: < MadeSession.Packets })
            {
                Open(writer, slot, wall);
            }

            MadeSession session = _sessions[slot];
            PacketTemplate template = session.Next;
            int noise = _random.Next(_noise.Length - 1514);
            writer.Append(
                Topics.Packet, template.Next(PacketTemplate.FirstSequence + (ulong)i, wall, Boot(wall), _noise.AsSpan(noise), session.Made == 0));
            if (++session.Made == MadeSession.Packets)
            {
                Event closed = session.Event(Topics.Connection, Sequence(Topics.Connection), wall, Boot(wall));
                closed.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed };
                writer.Append(Topics.Connection, closed.ToByteArray());
            }

            for (; _others < events * (i + 1) / packets; _others++)
            {
                Other(writer, session, wall + 1000);
            }

            if (i == packets / 2)
            {
                noted(session.Connection);
            }

            if (writer.IsFull)
            {
                await writer.FlushAsync(day, cancellationToken);
            }
        }

        await writer.FlushAsync(day, cancellationToken);
    }

    private static ulong Boot(ulong wall) => wall - 1_700_000_000_000_000_000;

    private ulong Sequence(string topic)
    {
        ulong sequence = _sequences.GetValueOrDefault(topic);
        _sequences[topic] = sequence + 1;
        return sequence;
    }

    private void Open(HistoryWriter writer, int slot, ulong wall)
    {
        MadeSession session = _sessions[slot] = new MadeSession(++_nextSession, s_hosts[slot % s_hosts.Length], _run, cutAt);
        Event opened = session.Event(Topics.Connection, Sequence(Topics.Connection), wall, Boot(wall));
        opened.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened };
        writer.Append(Topics.Connection, opened.ToByteArray());
        Event link = session.Event(Topics.Connection, Sequence(Topics.Connection), wall + 1000, Boot(wall + 1000));
        link.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ClientRandom = session.Random, FromNs = Boot(wall + 1000) };
        writer.Append(Topics.Connection, link.ToByteArray());
        foreach (string label in s_labels)
        {
            byte[] bytes = new byte[48];
            _random.NextBytes(bytes);
            Event secret = session.Event(Topics.Secret, Sequence(Topics.Secret), wall + 2000, Boot(wall + 2000));
            secret.TlsSecret = new TlsSecret { Label = label, ClientRandom = session.Random, Secret = ByteString.CopyFrom(bytes) };
            writer.Append(Topics.Secret, secret.ToByteArray());
        }
    }

    private void Other(HistoryWriter writer, MadeSession session, ulong wall)
    {
        string topic = (_others % 20) switch { < 10 => Topics.Tls, < 17 => Topics.Postgres, < 19 => Topics.Process, _ => Topics.Bash };
        ulong sequence = Sequence(topic);
        Event made = session.Event(topic, sequence, wall, Boot(wall));
        ByteString text = ByteString.CopyFromUtf8(Text(topic, sequence));
        switch (topic)
        {
            case Topics.Tls:
                made.TlsData = new TlsData { Direction = Direction.Received, Library = "openssl", Data = text };
                break;
            case Topics.Postgres:
                made.SqlStatement = new SqlStatement { Statement = text, User = ByteString.CopyFromUtf8("app"), Database = ByteString.CopyFromUtf8("shop") };
                break;
            case Topics.Process:
                made.ProcessExec = new ProcessExec { Executable = text };
                break;
            default:
                made.ShellCommand = new ShellCommand { Command = sequence + 1, Text = text };
                break;
        }

        writer.Append(topic, made.ToByteArray());
    }

    private string Text(string topic, ulong sequence) => topic switch
    {
        Topics.Tls => $"GET /shop/items/{_random.Next(1_000_000)}?page={sequence % 40} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: made/1.0\r\nAccept: */*\r\nX-Request: {_random.NextInt64():x16}\r\n\r\n",
        Topics.Postgres when sequence % RareStatement == 7 => $"DROP TABLE invoices_{sequence}",
        Topics.Postgres => $"SELECT name, price, stock FROM items WHERE id = {_random.Next(1_000_000)} AND shop = {sequence % 9} ORDER BY name LIMIT 20",
        Topics.Process => $"/usr/bin/tool{sequence % 300}",
        _ => $"ls -l /srv/data/{_random.Next(100_000)}",
    };
}
