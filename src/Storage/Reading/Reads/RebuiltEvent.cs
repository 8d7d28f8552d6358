using System.Buffers.Binary;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Events out of the columns <c>event</c>, <c>data</c> and <c>data_at</c>: <c>event[0..data_at] + data + event[data_at..]</c>.</summary>
internal static class RebuiltEvent
{
    private const int WallClockField = 10;

    public static byte[] Encode(IRowReader rows, int dataAt, int @event, int data)
    {
        ReadOnlySpan<byte> envelope = rows.Bytes(@event);
        ReadOnlySpan<byte> payload = rows.Bytes(data);
        int at = (int)Math.Min(rows.Number(dataAt), (ulong)envelope.Length);
        byte[] encoding = new byte[envelope.Length + payload.Length];
        envelope[..at].CopyTo(encoding);
        payload.CopyTo(encoding.AsSpan(at));
        envelope[at..].CopyTo(encoding.AsSpan(at + payload.Length));
        return encoding;
    }

    /// <summary>
    /// <c>wall_ns</c> of the envelope, which stands before the payload, without parsing the event: PostgreSQL's column lacks the last three
    /// digits.
    /// </summary>
    /// <returns>The column's time when the envelope does not agree with it.</returns>
    public static long WallClock(ReadOnlySpan<byte> envelope, long columnTime)
    {
        ReadOnlySpan<byte> rest = envelope;
        while (TryVariable(ref rest, out ulong tag))
        {
            int skip;
            switch (tag & 7)
            {
                case 0:
                    if (!TryVariable(ref rest, out _))
                    {
                        return columnTime;
                    }

                    continue;
                case 1:
                    if (tag >> 3 == WallClockField && rest.Length >= 8)
                    {
                        long time = BinaryPrimitives.ReadInt64LittleEndian(rest);
                        return time - columnTime is >= 0 and < 1000 ? time : columnTime;
                    }

                    skip = 8;
                    break;
                case 2:
                    if (!TryVariable(ref rest, out ulong length) || length > (ulong)rest.Length)
                    {
                        return columnTime;
                    }

                    skip = (int)length;
                    break;
                case 5:
                    skip = 4;
                    break;
                default:
                    return columnTime;
            }

            if (skip > rest.Length)
            {
                return columnTime;
            }

            rest = rest[skip..];
        }

        return columnTime;
    }

    private static bool TryVariable(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (int i = 0; i < rest.Length && i < 10; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
