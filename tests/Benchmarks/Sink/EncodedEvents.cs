using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using Google.Protobuf;

namespace ECapture.Benchmarks.Sink;

/// <summary>Packet events of one agent run as the log delivers them: 300 bytes of frame each, every field set, an hour of one day.</summary>
internal static class EncodedEvents
{
    public static LogRecord[] Make(int count)
    {
        Random random = new(1);
        byte[] frame = new byte[300];
        ByteString run = ByteString.CopyFrom(Guid.CreateVersion7().ToByteArray(bigEndian: true));
        ByteString boot = ByteString.CopyFrom(Guid.NewGuid().ToByteArray());
        ulong wallNs = (ulong)new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000_000;
        LogRecord[] records = new LogRecord[count];
        byte[] local = new byte[4];
        byte[] remote = new byte[4];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(frame.AsSpan(0, 60)); // the rest compresses, as text in frames does
            ulong connection = (ulong)random.Next(20_000);
            BinaryPrimitives.WriteUInt32BigEndian(local, 0x0A000001);
            BinaryPrimitives.WriteUInt32BigEndian(remote, 0x0A000000 + (uint)connection);
            Event made = new()
            {
                Run = run,
                Topic = Topics.Packet,
                Sequence = (ulong)i,
                Schema = 1,
                Host = "bench-host",
                Boot = boot,
                BootNs = 1_000_000_000_000 + ((ulong)i * 3_600),
                WallNs = wallNs + ((ulong)i * 3_600),
                Process = new Process { Pid = 4_000 + (uint)(connection % 50), StartNs = 77_000_000, Name = ByteString.CopyFromUtf8("nginx"), Uid = 33, Tid = 4_000 },
                Connection = 0x5A5A_0000_0000_0000 + connection,
                Flow = new Flow
                {
                    LocalAddress = ByteString.CopyFrom(local), LocalPort = 443, RemoteAddress = ByteString.CopyFrom(remote),
                    RemotePort = 1024 + (uint)connection, Protocol = 6, NetworkNamespace = 4_026_531_840, Id = connection * 0x9E37_79B9_7F4A_7C15,
                },
                Packet = new Packet
                {
                    Interface = "eth0", InterfaceIndex = 2, Direction = Direction.Sent, LinkType = 1, OriginalLength = 300, Data = ByteString.CopyFrom(frame),
                },
            };
            records[i] = new LogRecord(i, default, made.ToByteArray());
        }

        return records;
    }
}
