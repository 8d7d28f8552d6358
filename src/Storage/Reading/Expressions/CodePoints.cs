namespace ECapture.Storage.Reading.Expressions;

/// <summary>Arithmetic of sets of code points as sorted ranges.</summary>
internal static class CodePoints
{
    public const int Last = 0x10ffff;
    private const int FirstSurrogate = 0xd800;
    private const int LastSurrogate = 0xdfff;

    public static readonly (int, int)[] Digits = [('0', '9')];
    public static readonly (int, int)[] Words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    public static readonly (int, int)[] Spaces = [('\t', '\r'), (' ', ' ')];
    public static readonly (int, int)[] LineFeed = [('\n', '\n')];

    /// <summary>Sorted, joined where they touch, without surrogates.</summary>
    public static List<(int First, int Last)> Normalise(IEnumerable<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> result = [];
        foreach ((int first, int last) in ranges.SelectMany(WithoutSurrogates).Order())
        {
            if (result.Count > 0 && first <= result[^1].Last + 1)
            {
                result[^1] = (result[^1].First, Math.Max(result[^1].Last, last));
            }
            else
            {
                result.Add((first, last));
            }
        }

        return result;
    }

    /// <summary>Every other code point.</summary>
    public static List<(int First, int Last)> Complement(IEnumerable<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> result = [];
        int next = 0;
        foreach ((int first, int last) in Normalise(ranges))
        {
            if (first > next)
            {
                result.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            result.Add((next, Last));
        }

        return Normalise(result);
    }

    /// <summary>With the other case of ASCII letters.</summary>
    public static List<(int First, int Last)> WithBothCases(IReadOnlyList<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> result = [.. ranges];
        foreach ((int first, int last) in ranges)
        {
            Shift('a', 'z', -32);
            Shift('A', 'Z', 32);

            void Shift(int from, int to, int by)
            {
                (int low, int high) = (Math.Max(first, from), Math.Min(last, to));
                if (low <= high)
                {
                    result.Add((low + by, high + by));
                }
            }
        }

        return Normalise(result);
    }

    private static IEnumerable<(int First, int Last)> WithoutSurrogates((int First, int Last) range)
    {
        if (range.Last < FirstSurrogate || range.First > LastSurrogate)
        {
            yield return range;
            yield break;
        }

        if (range.First < FirstSurrogate)
        {
            yield return (range.First, FirstSurrogate - 1);
        }

        if (range.Last > LastSurrogate)
        {
            yield return (LastSurrogate + 1, range.Last);
        }
    }
}
