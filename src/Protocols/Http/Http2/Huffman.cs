namespace ECapture.Protocols.Http.Http2;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 section 5.2, appendix B). The code is canonical: the length of each symbol's code says all.
/// </summary>
public static class Huffman
{
    private const int EndOfString = 256;
    private const int Longest = 30;
    private const int FastBits = 9;

    private static readonly byte[] s_lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    private static readonly int[] s_first = new int[Longest + 2];
    private static readonly int[] s_at = new int[Longest + 2];
    private static readonly int[] s_count = new int[Longest + 2];
    private static readonly short[] s_symbols = new short[257];
    private static readonly ushort[] s_fast = new ushort[1 << FastBits];

    static Huffman()
    {
        foreach (byte length in s_lengths)
        {
            s_count[length]++;
        }

        for (int length = 1, code = 0, at = 0; length <= Longest; length++)
        {
            code <<= 1;
            s_first[length] = code;
            s_at[length] = at;
            code += s_count[length];
            at += s_count[length];
        }

        int[] next = [.. s_at];
        for (int symbol = 0; symbol <= EndOfString; symbol++)
        {
            s_symbols[next[s_lengths[symbol]]++] = (short)symbol;
        }

        for (int symbol = 0; symbol < EndOfString; symbol++)
        {
            int length = s_lengths[symbol];
            if (length > FastBits)
            {
                continue;
            }

            int code = CodeOf(symbol);
            int shift = FastBits - length;
            s_fast.AsSpan(code << shift, 1 << shift).Fill((ushort)((length << 8) | symbol));
        }
    }

    /// <summary>The longest text that coded bytes can hold: the shortest code has 5 bits.</summary>
    public static int MaxDecodedLength(int coded) => (int)Math.Min(int.MaxValue, coded * 8L / 5);

    /// <summary>The code of a symbol, 0 to 256, and its length in bits.</summary>
    public static (int Code, int Bits) Code(int symbol) => (CodeOf(symbol), s_lengths[symbol]);

    /// <summary>Decodes a whole string.</summary>
    /// <param name="coded">The coded bytes with their padding.</param>
    /// <param name="text">Has room for <see cref="MaxDecodedLength"/>.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>False when the code has the end-of-string symbol in it, or more than 7 bits or zeros of padding.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> coded, Span<byte> text, out int length)
    {
        ulong bits = 0;
        int have = 0;
        int at = 0;
        length = 0;
        while (true)
        {
            while (have <= 48 && at < coded.Length)
            {
                bits = (bits << 8) | coded[at++];
                have += 8;
            }

            if (have >= FastBits || (have > 0 && at == coded.Length))
            {
                int peek = have >= FastBits ? (int)(bits >> (have - FastBits)) & ((1 << FastBits) - 1)
                    : (int)((bits << (FastBits - have)) | ((1UL << (FastBits - have)) - 1)) & ((1 << FastBits) - 1);
                ushort fast = s_fast[peek];
                if (fast != 0 && fast >> 8 <= have)
                {
                    text[length++] = (byte)fast;
                    have -= fast >> 8;
                    continue;
                }
            }

            if (!TryLong(bits, ref have, out int symbol))
            {
                // What is left must be the start of the end-of-string symbol: ones, fewer than 8.
                return have < 8 && (bits & ((1UL << have) - 1)) == (1UL << have) - 1;
            }

            if (symbol == EndOfString)
            {
                return false;
            }

            text[length++] = (byte)symbol;
        }
    }

    private static bool TryLong(ulong bits, ref int have, out int symbol)
    {
        for (int length = 5; length <= Longest && length <= have; length++)
        {
            int code = (int)(bits >> (have - length)) & (int)((1U << length) - 1);
            int index = code - s_first[length];
            if (index >= 0 && index < s_count[length])
            {
                symbol = s_symbols[s_at[length] + index];
                have -= length;
                return true;
            }
        }

        symbol = 0;
        return false;
    }

    private static int CodeOf(int symbol)
    {
        int length = s_lengths[symbol];
        int at = Array.IndexOf(s_symbols, (short)symbol, s_at[length]);
        return s_first[length] + at - s_at[length];
    }
}
