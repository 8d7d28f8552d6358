using System.Runtime.InteropServices;

namespace ECapture.Sink.Delivery;

/// <summary>Which events of which streams are in a batch: between <c>First</c> and <c>Last</c> there are <c>Count</c>.</summary>
public sealed class StreamTally
{
    private readonly Dictionary<StreamKey, StreamCount> _streams = [];

    /// <summary>The streams.</summary>
    public IReadOnlyDictionary<StreamKey, StreamCount> Streams => _streams;

    /// <summary>Counts an event.</summary>
    public void Add(StreamKey stream, ulong sequence)
    {
        ref StreamCount count = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out bool isKnown);
        count = isKnown
            ? new StreamCount(count.First, sequence, count.Count + 1)
            : new StreamCount(sequence, sequence, 1);
    }

    /// <summary>Moves a stream's end without an event.</summary>
    public void See(StreamKey stream, ulong sequence)
    {
        ref StreamCount count = ref CollectionsMarshal.GetValueRefOrAddDefault(_streams, stream, out bool isKnown);
        count = isKnown ? count with { Last = sequence } : new StreamCount(sequence, sequence, 0);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _streams.Clear();
}

/// <summary>A stream's share of a batch.</summary>
/// <param name="First">First sequence.</param>
/// <param name="Last">Last sequence; a stream's events come in order.</param>
/// <param name="Count">Events.</param>
public readonly record struct StreamCount(ulong First, ulong Last, long Count);
