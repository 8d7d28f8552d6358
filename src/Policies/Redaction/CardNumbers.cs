using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary>
/// Payment card numbers (ISO/IEC 7812): 13 to 19 digits with a valid check digit (Luhn), in one piece or in the groups in which cards show them. The first
/// digit is 2 to 6, 8 or 9: what begins with 0, 1 or 7 is hardly a payment card, and times in nanoseconds begin with 1.
/// </summary>
internal sealed class CardNumbers : Matcher
{
    private const int Least = 13;
    private const int Most = 19;
    private const int MostGroups = 5;

    // What a number with separators takes at most, with those that a URL encodes (%20).
    private const int LongestText = Most + ((MostGroups - 1) * 3);
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789");

    internal override int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches)
    {
        int at = 0;
        int open = text.Length;
        while (at < text.Length && text[at..].IndexOfAny(s_digits) is >= 0 and int found)
        {
            int start = at + found;
            int end = EndOfRun(text, start);
            if (end == text.Length || IsOpenSeparator(text[end..]))
            {
                open = Math.Max(start, text.Length - LongestText);
            }

            if (end - start >= Least)
            {
                FindIn(text, start, end, matches);
            }

            at = end;
        }

        return open;
    }

    // Digits with single separators between them; ends behind a digit.
    private static int EndOfRun(ReadOnlySpan<char> text, int start)
    {
        int at = start;
        while (true)
        {
            int digits = text[at..].IndexOfAnyExcept(s_digits);
            if (digits < 0)
            {
                return text.Length;
            }

            at += digits;
            int separator = Separator(text[at..]);
            if (separator == 0 || at + separator >= text.Length || !char.IsAsciiDigit(text[at + separator]))
            {
                return at;
            }

            at += separator;
        }
    }

    private static int Separator(ReadOnlySpan<char> text) =>
        text.IsEmpty ? 0
        : text[0] is ' ' or '-' or '.' or '+' or '\0' ? 1
        : text[0] == '%' && text.Length >= 3 && text[1] == '2' && text[2] is '0' or 'D' or 'd' or 'B' or 'b' ? 3
        : 0;

    // The text ends within or behind a separator.
    private static bool IsOpenSeparator(ReadOnlySpan<char> rest) =>
        (rest.Length == 1 && (rest[0] == '%' || Separator(rest) == 1)) || (rest.Length == 2 && rest is "%2") || (rest.Length == 3 && Separator(rest) == 3);

    private static void FindIn(ReadOnlySpan<char> text, int runStart, int runEnd, MatchList matches)
    {
        int start = runStart;
        bool isFraction = false;
        while (start < runEnd)
        {
            int end = isFraction ? -1 : Longest(text, start, runEnd);
            if (end > 0)
            {
                matches.Add(start, end);
                start = end;
            }
            else
            {
                // The rest of this group: a number begins where a group does.
                int digits = text[start..runEnd].IndexOfAnyExcept(s_digits);
                start = digits < 0 ? runEnd : start + digits;
            }

            if (start < runEnd)
            {
                isFraction = text[start] == '.';
                start += Separator(text[start..runEnd]);
            }
        }
    }

    // The end of the longest card number that begins here and ends with a group; -1: none.
    private static int Longest(ReadOnlySpan<char> text, int start, int runEnd)
    {
        if (text[start] is '0' or '1' or '7')
        {
            return -1;
        }

        Span<byte> digits = stackalloc byte[Most];
        Span<int> groups = stackalloc int[MostGroups];
        int count = 0;
        int longest = -1;
        int at = start;
        for (int group = 0; group < MostGroups && at < runEnd; group++)
        {
            int first = count;
            while (at < runEnd && char.IsAsciiDigit(text[at]))
            {
                if (count == Most)
                {
                    return longest;
                }

                digits[count++] = (byte)(text[at++] - '0');
            }

            groups[group] = count - first;
            if (count >= Least && AreCardGroups(groups[..(group + 1)]) && IsValid(digits[..count]))
            {
                longest = at;
            }

            if (at < runEnd)
            {
                at += Separator(text[at..runEnd]);
            }
        }

        return longest;
    }

    private static bool AreCardGroups(ReadOnlySpan<int> groups) => groups switch
    {
        [_] => true,
        [4, 6, 4] or [4, 6, 5] or [4, 4, 4, 4] or [4, 4, 5] or [8, 8] => true,
        [4, 4, 4, 4, >= 1 and <= 3] or [4, 4, 4, >= 1 and <= 3] => true,
        _ => false,
    };

    private static bool IsValid(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)] << (i & 1);
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }
}
