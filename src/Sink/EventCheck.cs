using System.Globalization;
using ECapture.Events;
using ECapture.Sink.Delivery;

namespace ECapture.Sink;

/// <summary>What a record must be to become a row: an event with an identity, of a size and with a time that the stores can hold.</summary>
internal static class EventCheck
{
    /// <summary>Most bytes of an event. What this program's logs take is far below; other writers may send more to Kafka.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Reads an event and checks it.</summary>
    /// <param name="encoded">The record's value.</param>
    /// <param name="topic">The topic it was read from.</param>
    /// <param name="fields">What was found; defined only when null is returned.</param>
    /// <returns>Null, or why the record is a dead letter.</returns>
    public static (string Kind, string Error)? Read(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> topic, out EventFields fields)
    {
        fields = default;
        if (encoded.Length > MaxBytes)
        {
            return (DeadLetterKind.TooLarge, string.Create(CultureInfo.InvariantCulture, $"{encoded.Length} bytes, an event has at most {MaxBytes}"));
        }

        if (!EventReader.TryRead(encoded, out fields))
        {
            return (DeadLetterKind.Undecodable, "not an encoded event");
        }

        return Fault(encoded, fields, topic) is { } fault ? (DeadLetterKind.Invalid, fault) : null;
    }

    private static string? Fault(ReadOnlySpan<byte> encoded, in EventFields fields, ReadOnlySpan<byte> topic) =>
        fields.Run.Length != 16 ? "run is not 16 bytes"
        : !fields.Topic.Of(encoded).SequenceEqual(topic) ? "topic is not the one it was read from"
        : fields.Partition > ushort.MaxValue ? "partition is above 65535"
        : fields.Sequence > long.MaxValue ? "sequence is above 2^63 - 1"
        : fields.WallNs > long.MaxValue ? "wall_ns is beyond the year 2262"
        : null;
}
