using System.Buffers;
using ECapture.Capture.Modules;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Capture.Filters;

/// <summary>
/// Which flows belong to processes that are wanted. Whose a flow is may be known later than its first frames (a server owns a connection once it reads from it), so what comes before that waits; a flow
/// belongs to both of its ends, and is there whole when one of them is wanted. Bounded. Not for several threads.
/// </summary>
internal sealed class FlowOwners(ILossAccount losses)
{
    /// <summary>How long something waits: less than what writes live pcapng files holds frames back, so that they stay in the order of time there.</summary>
    internal const ulong WaitNs = 900_000_000;

    private const ulong SweepNs = 1_000_000_000;
    private const ulong QuietNs = 60_000_000_000;
    private const ulong ForgetNs = 600_000_000_000;
    private const int MostFlows = 65_536;
    private const long MostBytes = 64L << 20;
    private const byte BothEnds = 3;

    private readonly Dictionary<FlowKey, State> _flows = [];
    private readonly Queue<State> _waiting = new();
    private readonly Queue<HeldEvent> _released = new();
    private long _bytes;
    private ulong _sweep;

    /// <summary>What to do with an event.</summary>
    internal enum Verdict
    {
        Pass,
        Wait,
        Drop,
    }

    /// <summary>Judges an event that belongs to a flow.</summary>
    /// <param name="header">Names the flow and the process at its end here, if it is known.</param>
    /// <param name="isWanted">The process is.</param>
    internal Verdict Judge(in EventHeader header, bool isWanted)
    {
        State flow = Find(header, out bool isSecond);
        if (isWanted)
        {
            Want(flow);
            return Verdict.Pass;
        }

        if (flow.IsWanted)
        {
            return Verdict.Pass;
        }

        if (header.Pid != 0)
        {
            flow.UnwantedEnds |= (byte)(isSecond ? 2 : 1);
        }

        if (flow.UnwantedEnds == BothEnds)
        {
            Drop(flow);
            return Verdict.Drop;
        }

        return header.BootNs > flow.FirstNs + WaitNs ? Verdict.Drop : Verdict.Wait;
    }

    /// <summary>The connection ended: who has its addresses next is somebody else.</summary>
    internal void Close(in EventHeader header) => Find(header, out _).IsClosed = true;

    /// <summary>Keeps an event until its flow is wanted.</summary>
    /// <param name="held">The event; a frame's bytes are copied.</param>
    /// <param name="frame">The frame; empty: it has a payload.</param>
    /// <param name="nowNs">CLOCK_BOOTTIME.</param>
    internal void Hold(HeldEvent held, ReadOnlySpan<byte> frame, ulong nowNs)
    {
        if (!frame.IsEmpty)
        {
            held = held with { Frame = ArrayPool<byte>.Shared.Rent(frame.Length), Length = frame.Length };
            frame.CopyTo(held.Frame);
        }

        State flow = Find(held.Header, out _);
        if (flow.Held.Count == 0)
        {
            flow.DropAtNs = nowNs + WaitNs;
            _waiting.Enqueue(flow);
        }

        flow.Held.Add(held);
        _bytes += held.Length;
        while (_bytes > MostBytes && _waiting.TryDequeue(out State? oldest))
        {
            losses.Count("filter:" + Topics.Packet, "more frames than can wait for their process", (ulong)oldest.Held.Count);
            Drop(oldest);
        }
    }

    /// <summary>Takes what waited and belongs to a wanted flow, in the order in which it came.</summary>
    internal bool TryTakeReleased(out HeldEvent held) => _released.TryDequeue(out held);

    /// <summary>Lets go what waited long enough, and flows that are over.</summary>
    internal void Tick(ulong nowNs)
    {
        while (_waiting.TryPeek(out State? flow) && (flow.Held.Count == 0 || nowNs >= flow.DropAtNs))
        {
            Drop(_waiting.Dequeue());
        }

        if (nowNs < _sweep)
        {
            return;
        }

        _sweep = nowNs + SweepNs;
        foreach ((FlowKey key, State flow) in _flows)
        {
            if (flow.Held.Count == 0 && (nowNs > flow.LastNs + (flow.IsWanted ? ForgetNs : QuietNs) || (flow.IsClosed && nowNs > flow.LastNs + SweepNs)))
            {
                _flows.Remove(key);
            }
        }
    }

    private State Find(in EventHeader header, out bool isSecond)
    {
        FlowKey key = FlowKey.Of(header.Socket, out isSecond);
        if (!_flows.TryGetValue(key, out State? flow))
        {
            if (_flows.Count >= MostFlows)
            {
                _flows.Clear(); // what waits is in _waiting
            }

            _flows[key] = flow = new State { FirstNs = header.BootNs };
        }
        else if (flow.IsClosed && !flow.IsWanted)
        {
            flow.IsClosed = false;
            flow.UnwantedEnds = 0;
            flow.FirstNs = header.BootNs;
        }

        flow.LastNs = Math.Max(flow.LastNs, header.BootNs);
        return flow;
    }

    private void Want(State flow)
    {
        flow.IsWanted = true;
        foreach (HeldEvent held in flow.Held)
        {
            _bytes -= held.Length;
            _released.Enqueue(held);
        }

        flow.Held.Clear();
    }

    private void Drop(State flow)
    {
        foreach (HeldEvent held in flow.Held)
        {
            _bytes -= held.Length;
            held.Free();
        }

        flow.Held.Clear();
    }

    private sealed class State
    {
        internal List<HeldEvent> Held { get; } = [];

        internal bool IsWanted { get; set; }

        internal bool IsClosed { get; set; }

        internal byte UnwantedEnds { get; set; }

        internal ulong FirstNs { get; set; }

        internal ulong LastNs { get; set; }

        internal ulong DropAtNs { get; set; }
    }
}
