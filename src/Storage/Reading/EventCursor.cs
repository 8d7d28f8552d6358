using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using ECapture.Events;

namespace ECapture.Storage.Reading;

/// <summary>
/// The place of an event in a search: a search that goes on after it neither repeats nor skips an event, whatever was stored meanwhile
/// with other times.
/// </summary>
/// <param name="Time">The store's time of the event in nanoseconds of the Unix epoch.</param>
/// <param name="Id">The event.</param>
public readonly record struct EventCursor(long Time, EventId Id)
{
    private const int FixedLength = 8 + 16 + 4 + 8;

    /// <summary>A form for URLs.</summary>
    public override string ToString()
    {
        byte[] topic = Encoding.ASCII.GetBytes(Id.Topic);
        byte[] bytes = new byte[FixedLength + topic.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Time);
        Id.Run.TryWriteBytes(bytes.AsSpan(8), bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(24), Id.Partition);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(28), Id.Sequence);
        topic.CopyTo(bytes, FixedLength);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="ToString"/> gave.</summary>
    public static bool TryParse(string? text, out EventCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[128];
        if (text is null || text.Length > 160 || Base64Url.DecodeFromChars(text, bytes, out _, out int length) != OperationStatus.Done || length <= FixedLength)
        {
            return false;
        }

        string topic = Encoding.ASCII.GetString(bytes[FixedLength..length]);
        int partition = BinaryPrimitives.ReadInt32BigEndian(bytes[24..]);
        if (!Events.Topics.All.Contains(topic) || partition < 0)
        {
            return false;
        }

        cursor = new EventCursor(
            BinaryPrimitives.ReadInt64BigEndian(bytes),
            new EventId(new Guid(bytes.Slice(8, 16), bigEndian: true), topic, partition, BinaryPrimitives.ReadUInt64BigEndian(bytes[28..])));
        return true;
    }
}
