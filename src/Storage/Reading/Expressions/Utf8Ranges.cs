namespace ECapture.Storage.Reading.Expressions;

/// <summary>A range of code points as sequences of byte ranges of their UTF-8 form (RFC 3629), which is how matchers of bytes see it.</summary>
internal static class Utf8Ranges
{
    private static readonly int[] s_lengthEnds = [0x7f, 0x7ff, 0xffff];

    public static IEnumerable<(byte First, byte Last)[]> Of(int first, int last)
    {
        foreach (int end in s_lengthEnds)
        {
            if (first <= end && end < last)
            {
                return Of(first, end).Concat(Of(end + 1, last));
            }
        }

        byte[] low = Encode(first);
        // Split until every byte but those of a common beginning goes from lowest to highest.
        for (int tail = 1; tail < low.Length; tail++)
        {
            int mask = (1 << (6 * tail)) - 1;
            if ((first & ~mask) == (last & ~mask))
            {
                continue;
            }

            if ((first & mask) != 0)
            {
                return Of(first, first | mask).Concat(Of((first | mask) + 1, last));
            }

            if ((last & mask) != mask)
            {
                return Of(first, (last & ~mask) - 1).Concat(Of(last & ~mask, last));
            }
        }

        return [[.. low.Zip(Encode(last))]];
    }

    private static byte[] Encode(int value) => value switch
    {
        <= 0x7f => [(byte)value],
        <= 0x7ff => [(byte)(0xc0 | (value >> 6)), Tail(value)],
        <= 0xffff => [(byte)(0xe0 | (value >> 12)), Tail(value >> 6), Tail(value)],
        _ => [(byte)(0xf0 | (value >> 18)), Tail(value >> 12), Tail(value >> 6), Tail(value)],
    };

    private static byte Tail(int value) => (byte)(0x80 | (value & 0x3f));
}
