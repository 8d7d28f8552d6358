namespace ECapture.Policies.Redaction;

/// <summary>
/// Credentials of Authorization and Proxy-Authorization fields of any scheme (RFC 9110, section 11), and bearer tokens (RFC 6750) wherever else they stand.
/// </summary>
internal sealed class BearerTokens() : HeaderMatcher(["authorization", "proxy-authorization"], ["authorization", "bearer"])
{
    private const int Least = 16;
    private const int LeastWithDigit = 8;

    private protected override int AddValue(ReadOnlySpan<char> text, string name, int start, int end, MatchList matches)
    {
        ReadOnlySpan<char> value = text[start..end];
        int scheme = value.IndexOfAny(' ', '\t');
        matches.Add(scheme < 0 ? start : SkipBlanks(text[..end], start + scheme), start + value.TrimEnd(" \t\r\n").Length);
        return end;
    }

    private protected override int FindWord(ReadOnlySpan<char> text, string word, int start, int end, MatchList matches, ref int open)
    {
        if (word != "bearer" || start != end - word.Length)
        {
            return end;
        }

        int token = SkipBlanks(text, end);
        int after = token;
        bool hasDigit = false;
        while (after < text.Length && IsToken(text[after]))
        {
            hasDigit |= char.IsAsciiDigit(text[after++]);
        }

        if (after == text.Length)
        {
            open = Math.Min(open, start);
        }

        if (token > end && after - token >= (hasDigit ? LeastWithDigit : Least))
        {
            matches.Add(token, after);
        }

        return after;
    }

    // token68 of RFC 9110, section 11.2.
    private static bool IsToken(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=';
}
