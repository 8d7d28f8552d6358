namespace ECapture.Terminal.Pcap;

/// <summary>The flows of the processes that were asked for: a frame of the other direction, or of before the connection had an owner, belongs to them, too.</summary>
internal sealed class OwnedFlows
{
    private const ulong Forget = 600_000_000_000;
    private const ulong ForgetEvery = 60_000_000_000;

    private readonly Dictionary<ulong, ulong> _seen = [];
    private ulong _due;

    /// <summary>A process that was asked for used the flow.</summary>
    internal void Add(ulong flow, ulong bootNs)
    {
        if (flow != 0)
        {
            _seen[flow] = bootNs;
        }
    }

    /// <summary>True for a flow of theirs.</summary>
    internal bool Contains(ulong flow) => _seen.ContainsKey(flow);

    /// <summary>Forgets flows that nothing was seen of for long.</summary>
    internal void Tick(ulong nowNs)
    {
        if (nowNs < _due)
        {
            return;
        }

        _due = nowNs + ForgetEvery;
        foreach (ulong flow in _seen.Where(f => f.Value + Forget < nowNs).Select(f => f.Key).ToArray())
        {
            _seen.Remove(flow);
        }
    }
}
