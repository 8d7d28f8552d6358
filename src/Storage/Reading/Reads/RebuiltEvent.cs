using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Events out of the columns <c>event</c>, <c>data</c> and <c>data_at</c>: <c>event[0..data_at] + data + event[data_at..]</c>.</summary>
internal static class RebuiltEvent
{
    public static byte[] Encode(IRowReader rows, int dataAt, int @event, int data)
    {
        ReadOnlySpan<byte> envelope = rows.Bytes(@event);
        ReadOnlySpan<byte> payload = rows.Bytes(data);
        byte[] encoding = new byte[envelope.Length + payload.Length];
        Encode(envelope, payload, rows.Number(dataAt), encoding);
        return encoding;
    }

    /// <summary>As above, into a buffer that is long enough.</summary>
    public static void Encode(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> payload, ulong dataAt, Span<byte> encoding)
    {
        int at = (int)Math.Min(dataAt, (ulong)envelope.Length);
        envelope[..at].CopyTo(encoding);
        payload.CopyTo(encoding[at..]);
        envelope[at..].CopyTo(encoding[(at + payload.Length)..]);
    }

    /// <summary>What is said of a row whose columns are not an event's.</summary>
    public static StoreException IsNone(Exception? inner = null) =>
        new("a packet row holds no event; was the table written by another program?", isTransient: false, inner);
}
