namespace ECapture.Policies.Redaction;

/// <summary>The password of <c>scheme://user:password@host</c> (RFC 3986, section 3.2.1).</summary>
internal static class UriPasswords
{
    /// <summary>What such a text is found by.</summary>
    internal const string Trigger = "://";

    private const int LongestUserInfo = 512;
    private const int LongestScheme = 32;

    /// <summary>Looks at what follows a trigger.</summary>
    /// <returns>Where to go on.</returns>
    internal static int Find(ReadOnlySpan<char> text, int trigger, MatchList matches, ref int open)
    {
        int start = trigger + Trigger.Length;
        int end = start;
        int at = -1;
        while (end < text.Length && end - start < LongestUserInfo && !IsEnd(text[end]))
        {
            at = text[end] == '@' ? end : at;
            end++;
        }

        if (end == text.Length)
        {
            int scheme = trigger;
            while (scheme > 0 && trigger - scheme < LongestScheme && char.IsAsciiLetterOrDigit(text[scheme - 1]))
            {
                scheme--;
            }

            open = Math.Min(open, scheme);
        }

        if (at < 0)
        {
            return start;
        }

        int colon = text[start..at].IndexOf(':');
        if (colon >= 0)
        {
            matches.Add(start + colon + 1, at);
        }

        return at;
    }

    private static bool IsEnd(char c) => c is '/' or '?' or '#' or '\'' or '"' or '`' or '<' or '>' or '|' or '\\' or (<= ' ');
}
