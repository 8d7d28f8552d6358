using ECapture.Events.V1;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>What is known of one connection of a host on a flow: when it began and ended, who had it.</summary>
internal sealed class ConnectionExtent(ulong connection)
{
    public ulong Connection { get; } = connection;

    public long First { get; private set; } = long.MaxValue;

    public long? Start { get; private set; }

    public long? End { get; private set; }

    /// <summary>Older than the agent: nothing says when it began.</summary>
    public bool IsExisting { get; private set; }

    public bool IsOpened { get; private set; }

    public bool IsAccepted { get; private set; }

    public Dictionary<ushort, ProcessFact> Processes { get; } = [];

    public void Add(ConnectionFact fact)
    {
        First = Math.Min(First, fact.Time);
        if (fact.Process.Pid != 0)
        {
            Processes.TryAdd(fact.LocalPort, fact.Process);
        }

        if (!fact.IsState)
        {
            Began(fact.From);
            Ended(fact.To);
            return;
        }

        switch ((ConnectionState.Types.State)fact.State)
        {
            case ConnectionState.Types.State.Opened:
                IsOpened = true;
                Began(fact.Time);
                break;
            case ConnectionState.Types.State.Accepted:
                IsAccepted = true;
                Began(fact.Time);
                break;
            case ConnectionState.Types.State.Existing:
                IsExisting = true;
                break;
            case ConnectionState.Types.State.Closed:
                Ended(fact.Time);
                break;
        }
    }

    private void Began(long? time)
    {
        if (time is { } t && (Start is null || t < Start))
        {
            Start = t;
        }
    }

    private void Ended(long? time)
    {
        if (time is { } t && (End is null || t > End))
        {
            End = t;
        }
    }
}
