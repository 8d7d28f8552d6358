using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Benchmarks.Query;

/// <summary>Events of many TLS sessions at once: frames of usual sizes with bytes that do not compress, states, links and secrets.</summary>
internal sealed class MadePackets(long bytes)
{
    private const int SessionPackets = 600;
    private const int Concurrent = 50;
    private const ulong Begin = 1_795_100_000_000_000_000;
    private const ulong Clock = 1_700_000_000_000_000_000;

    private static readonly int[] s_sizes = [66, 1514, 1514, 1514, 66, 1514, 583, 1514];

    private readonly Random _random = new(7);
    private readonly byte[] _noise = new byte[64 << 20];
    private readonly Dictionary<string, ulong> _sequences = [];
    private readonly ByteString _run = ByteString.CopyFrom(new byte[16]);

    /// <summary>Events of a part of the history, never all of it in memory.</summary>
    public IEnumerable<List<Event>> Parts()
    {
        _random.NextBytes(_noise);
        ulong time = Begin;
        long made = 0;
        for (int first = 0; made < bytes; first += Concurrent)
        {
            var part = new List<Event>(Concurrent * (SessionPackets + 10));
            for (int i = 0; i < Concurrent; i++)
            {
                Handshake(part, first + i, time);
            }

            for (int i = 0; i < Concurrent * SessionPackets; i++)
            {
                time += 10_000;
                Event packet = Base(Topics.Packet, first + (i % Concurrent), time);
                byte[] frame = Frame(first + (i % Concurrent), i / Concurrent);
                made += frame.Length;
                packet.Packet = new Packet
                {
                    Interface = "eth0",
                    InterfaceIndex = 2,
                    Direction = i % 3 == 0 ? Direction.Sent : Direction.Received,
                    LinkType = 1,
                    OriginalLength = (uint)frame.Length,
                    Data = UnsafeByteOperations.UnsafeWrap(frame),
                };
                part.Add(packet);
            }

            for (int i = 0; i < Concurrent; i++)
            {
                Event closed = Base(Topics.Connection, first + i, time);
                closed.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Closed };
                part.Add(closed);
            }

            yield return part;
        }
    }

    private void Handshake(List<Event> part, int session, ulong time)
    {
        Event opened = Base(Topics.Connection, session, time);
        opened.ConnectionState = new ConnectionState { State = ConnectionState.Types.State.Opened };
        part.Add(opened);
        ByteString random = Noise(32);
        Event link = Base(Topics.Connection, session, time + 1000);
        link.ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ClientRandom = random, FromNs = time + 1000 - Clock };
        part.Add(link);
        foreach (string label in (string[])["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"])
        {
            Event secret = Base(Topics.Secret, session, time + 2000);
            secret.TlsSecret = new TlsSecret { Label = label, ClientRandom = random, Secret = Noise(48) };
            part.Add(secret);
        }
    }

    private byte[] Frame(int session, int index)
    {
        byte[] frame = new byte[s_sizes[(session + index) % s_sizes.Length]];
        _noise.AsSpan(_random.Next(_noise.Length - frame.Length), frame.Length).CopyTo(frame);
        ReadOnlySpan<byte> headers = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
        headers.CopyTo(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(frame.Length - 14));
        frame[46] = 0x50;
        frame[47] = index == 0 ? (byte)2 : (byte)16;
        return frame;
    }

    private Event Base(string topic, int session, ulong time)
    {
        ulong sequence = _sequences.GetValueOrDefault(topic);
        _sequences[topic] = sequence + 1;
        byte[] local = [10, 0, 0, 1];
        byte[] remote = [10, 1, (byte)(session >> 8), (byte)session];
        return new Event
        {
            Run = _run,
            Topic = topic,
            Sequence = sequence,
            Host = "bench",
            Boot = _run,
            WallNs = time,
            BootNs = time - Clock,
            Connection = topic == Topics.Packet ? 0 : (ulong)session + 1,
            Process = new Process { Pid = 4000 + (uint)(session % 20), StartNs = 9, Uid = 33, Name = ByteString.CopyFromUtf8("nginx") },
            Flow = new Flow
            {
                LocalAddress = ByteString.CopyFrom(local),
                LocalPort = 443,
                RemoteAddress = ByteString.CopyFrom(remote),
                RemotePort = 40_000,
                Protocol = 6,
                NetworkNamespace = 4_026_531_840,
                Id = CommunityId.FlowId(local, 443, remote, 40_000, 6),
            },
        };
    }

    private ByteString Noise(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
