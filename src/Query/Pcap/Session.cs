using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>One use of a flow: from its first packet to its last. A 5-tuple that is used again makes another session of the same flow.</summary>
internal sealed class Session(FlowKey key, long from, long? end)
{
    /// <summary>SYNs are sent again for up to 127 s before a connection stands.</summary>
    public const long LongestOpening = 130_000_000_000;

    /// <summary>What follows the close: the last acknowledgements, a FIN sent again.</summary>
    public const long Tail = 10_000_000_000;

    /// <summary>Topics that packets can be made of, when there are none.</summary>
    public static IReadOnlyList<string> PlaintextTopics { get; } = [.. Topics.Plaintext, Topics.Postgres, Topics.Mysqld];

    public FlowKey Key { get; } = key;

    /// <summary>Since when it is surely this session; its first packets may be up to <see cref="ZoneFrom"/> earlier.</summary>
    public long From { get; } = from;

    /// <summary>When it was closed; null: not known.</summary>
    public long? End { get; } = end;

    /// <summary>A SYN since then opens this session.</summary>
    public long ZoneFrom { get; set; } = from;

    /// <summary>The filter wants it.</summary>
    public bool IsMatched { get; set; }

    /// <summary>A secret of it was written.</summary>
    public bool HasSecrets { get; set; }

    /// <summary>Frames of it are in the store.</summary>
    public bool HasPackets { get; set; }

    /// <summary>Plaintext or statements of it are in the store.</summary>
    public bool HasPlaintext { get; set; }

    /// <summary>Nothing but plaintext was captured of it: its packets have to be made.</summary>
    public bool IsSynthetic => IsMatched && HasPlaintext && !HasPackets;

    /// <summary>Of <see cref="Connections"/>, those that this host opened.</summary>
    public HashSet<ulong> Opened { get; } = [];

    /// <summary>Of <see cref="Connections"/>, those that this host accepted.</summary>
    public HashSet<ulong> Accepted { get; } = [];

    /// <summary>Port of the end that opened it; 0: nobody saw it.</summary>
    public ushort ClientPort { get; private set; }

    /// <summary>Port of the end that accepted it; 0: nobody saw it.</summary>
    public ushort ServerPort { get; private set; }

    /// <summary>When the last of its ends that were seen to close did; null: none was seen. Packets may come later: those of the other end.</summary>
    public long? Closed { get; private set; }

    /// <summary>Connections of this host that use it; both ends' on a loopback.</summary>
    public HashSet<ulong> Connections { get; } = [];

    /// <summary>The processes at its ends, by the port of the end.</summary>
    public Dictionary<ushort, ProcessFact> Processes { get; } = [];

    /// <summary>Not after this time.</summary>
    public long LastPossible => End is { } end ? Saturated(end, Tail) : long.MaxValue;

    public void AddProcess(ushort port, ProcessFact process)
    {
        if (process.Pid != 0)
        {
            Processes.TryAdd(port, process);
        }
    }

    /// <summary>Notes what a row of a topic says of what was captured.</summary>
    public void Saw(string topic)
    {
        HasPackets |= topic == Topics.Packet;
        HasPlaintext |= PlaintextTopics.Contains(topic);
    }

    /// <summary>Takes a state of its socket.</summary>
    public void Take(ConnectionFact state)
    {
        switch ((ConnectionState.Types.State)state.State)
        {
            case ConnectionState.Types.State.Opened:
                ClientPort = state.LocalPort;
                break;
            case ConnectionState.Types.State.Accepted:
                ServerPort = state.LocalPort;
                break;
            case ConnectionState.Types.State.Closed:
                Closed = Math.Max(Closed ?? long.MinValue, state.Time);
                break;
        }
    }

    public static long Saturated(long time, long more) => time > long.MaxValue - more ? long.MaxValue : time + more;
}
