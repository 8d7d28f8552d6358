using System.Runtime.InteropServices;

namespace ECapture.Sink.Delivery;

/// <summary>The last sequence of every stream of a log partition: what is not above it was stored already.</summary>
/// <param name="clock">Tells which streams ended long ago.</param>
public sealed class StreamPositions(TimeProvider clock)
{
    /// <summary>Most streams remembered; beyond it those seen longest ago are forgotten.</summary>
    public const int MaxStreams = 4_000;

    /// <summary>A stream that was not seen for this long is forgotten.</summary>
    public static readonly TimeSpan MaxIdle = TimeSpan.FromDays(30);

    private readonly Dictionary<StreamKey, (ulong Sequence, long SeenAt)> _streams = [];
    private long _now = clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Takes over positions.</summary>
    public void Load(IReadOnlyList<StreamPosition> positions)
    {
        ArgumentNullException.ThrowIfNull(positions);
        _now = clock.GetUtcNow().ToUnixTimeSeconds();
        _streams.Clear();
        foreach (StreamPosition position in positions)
        {
            _streams[position.Stream] = (position.Sequence, position.SeenAt);
        }
    }

    /// <summary>Moves a stream forward.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="sequence">Sequence of the event that was read.</param>
    /// <param name="missing">Sequences between the last one and this one: events that got lost before the log.</param>
    /// <returns>False when the event was stored before.</returns>
    public bool TryAdvance(StreamKey stream, ulong sequence, out ulong missing)
    {
        ref (ulong Sequence, long SeenAt) last = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out bool isKnown);
        missing = 0;
        if (isKnown)
        {
            if (sequence <= last.Sequence)
            {
                return false;
            }

            missing = sequence - last.Sequence - 1;
        }

        last = (sequence, _now);
        return true;
    }

    /// <summary>
    /// The positions as they are now. Streams that ended long ago are forgotten first; that depends on the clock, and a replay agrees all the
    /// same because it starts from the snapshot, which is part of the plan.
    /// </summary>
    public StreamPosition[] Snapshot()
    {
        _now = clock.GetUtcNow().ToUnixTimeSeconds();
        Forget();
        StreamPosition[] positions = new StreamPosition[_streams.Count];
        int at = 0;
        foreach ((StreamKey stream, (ulong sequence, long seenAt)) in _streams)
        {
            positions[at++] = new StreamPosition(stream, sequence, seenAt);
        }

        return positions;
    }

    private void Forget()
    {
        long oldest = _now - (long)MaxIdle.TotalSeconds;
        foreach ((StreamKey stream, (_, long seenAt)) in _streams)
        {
            if (seenAt < oldest)
            {
                _streams.Remove(stream);
            }
        }

        if (_streams.Count > MaxStreams)
        {
            foreach (StreamKey stream in _streams.OrderBy(pair => pair.Value.SeenAt).Take(_streams.Count - MaxStreams).Select(pair => pair.Key).ToArray())
            {
                _streams.Remove(stream);
            }
        }
    }
}
