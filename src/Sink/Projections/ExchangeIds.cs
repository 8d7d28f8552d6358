using ECapture.Events;
using ECapture.Sink.Delivery;

namespace ECapture.Sink.Projections;

/// <summary>
/// Identity of what is derived from plaintext: the run, a partition that names topic and partition of the plaintext, and a sequence made of that of the
/// event that completed it and a number. The same plaintext gives the same ids, and a stream's rise.
/// </summary>
internal static class ExchangeIds
{
    /// <summary>Exchanges that one event can complete and keep.</summary>
    public const int MaxPerEvent = 1 << IndexBits;

    private const int IndexBits = 12;
    private const int TopicBits = 3;
    private const uint Derived = 0x8000; // no agent has so many partitions

    /// <summary>True when events of a stream can have ids.</summary>
    public static bool CanHold(uint partition, ulong sequence) => partition < Derived >> TopicBits && sequence <= long.MaxValue >> IndexBits;

    /// <summary>The partition of what is derived from a partition of a topic.</summary>
    public static uint Partition(string topic, uint partition) => Derived | (partition << TopicBits) | (uint)Place(topic);

    /// <summary>The sequence of the n-th thing that an event completed.</summary>
    public static ulong Sequence(ulong source, int index) => (source << IndexBits) | (uint)index;

    /// <summary>Positions as a store gives them, in terms of the plaintext: one that keeps positions of rows has those of derived ones.</summary>
    public static IReadOnlyList<StreamPosition> OfSource(IReadOnlyList<StreamPosition> positions) =>
    [
        .. positions.Select(p => p.Stream.Partition < Derived
            ? p
            : new StreamPosition(new StreamKey(p.Stream.Run, (p.Stream.Partition & ~Derived) >> TopicBits), p.Sequence >> IndexBits, p.SeenAt)),
    ];

    private static int Place(string topic)
    {
        for (int i = 0; i < Topics.Plaintext.Count; i++)
        {
            if (Topics.Plaintext[i] == topic)
            {
                return i;
            }
        }

        throw new ArgumentException($"{topic} holds no plaintext", nameof(topic));
    }
}
