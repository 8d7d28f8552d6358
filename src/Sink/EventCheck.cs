using ECapture.Events;

namespace ECapture.Sink;

/// <summary>What an event must have to be stored: an identity, and a time that the stores can hold.</summary>
internal static class EventCheck
{
    public const string Undecodable = "not an encoded event";

    /// <returns>Null, or why the event is a dead letter.</returns>
    public static string? Fault(ReadOnlySpan<byte> encoded, in EventFields fields, ReadOnlySpan<byte> topic) =>
        fields.Run.Length != 16 ? "run is not 16 bytes"
        : !fields.Topic.Of(encoded).SequenceEqual(topic) ? "topic is not the one it was read from"
        : fields.Partition > ushort.MaxValue ? "partition is above 65535"
        : fields.Sequence > long.MaxValue ? "sequence is above 2^63 - 1"
        : fields.WallNs > long.MaxValue ? "wall_ns is beyond the year 2262"
        : null;
}
