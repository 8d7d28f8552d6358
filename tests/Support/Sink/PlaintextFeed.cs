using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Tests.Support.Sink;

/// <summary>Plaintext events of one agent run, as a module makes them: offsets and sequences without gaps, a clock that goes on.</summary>
public sealed class PlaintextFeed(Guid run, string topic = Topics.Tls)
{
    private readonly Dictionary<(ulong Connection, bool IsSent), ulong> _offsets = [];
    private ulong _ns = 1_000_000_000;

    /// <summary>Wall clock of an event is this much above its boot clock.</summary>
    public const ulong Epoch = 1_795_132_800_000_000_000; // 2026-11-20

    /// <summary>The sequence that comes next.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Time passes.</summary>
    public void Wait(TimeSpan time) => _ns += (ulong)time.Ticks * 100;

    /// <summary>A piece of a connection.</summary>
    public Event Next(ulong connection, bool isSent, byte[] data)
    {
        _ns += 1_000_000;
        ulong offset = _offsets.GetValueOrDefault((connection, isSent));
        _offsets[(connection, isSent)] = offset + (ulong)data.Length;
        return new Event
        {
            Run = ByteString.CopyFrom(run.ToByteArray(bigEndian: true)),
            Topic = topic,
            Sequence = Sequence++,
            Schema = 1,
            Host = "web1",
            Boot = ByteString.CopyFrom(new byte[16]),
            BootNs = _ns,
            WallNs = Epoch + _ns,
            Connection = connection,
            Process = new Process { Pid = 7, StartNs = 5, Uid = 1000, Name = ByteString.CopyFromUtf8("curl") },
            TlsData = new TlsData { Direction = isSent ? Direction.Sent : Direction.Received, Library = "openssl", Offset = offset, Data = ByteString.CopyFrom(data) },
        };
    }
}
