using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary>
/// Passwords in shell lines and in the arguments of programs: options named so (<c>--password=x</c>, <c>--token x</c>), assignments (<c>PGPASSWORD=x</c>, <c>export
/// API_TOKEN=x</c>), the short options of known programs (<c>mysql -px</c>, <c>curl -u user:x</c>, <c>sshpass -p x</c>), <c>password=x</c> within a word, and
/// user:password@ of URIs.
/// </summary>
internal sealed class ShellPasswords : Matcher
{
    // A line is only looked at when one of these stands in it.
    private static readonly string[] s_words =
    [
        "pass", "pwd", "secret", "token", "apikey", "api-key", "api_key", "access-key", "access_key", "private-key", "private_key", "credential", "auth",
        "mysql", "mariadb", "curl", "ldap", "mongo", "login", "redis", UriPasswords.Trigger,
    ];

    private const int LongestLine = 8 * 1024; // of a payload that has no lines, what stands around a word
    private static readonly SearchValues<string> s_search = SearchValues.Create(s_words, StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> s_lineEnds = SearchValues.Create("\n\r\0");
    private static readonly SearchValues<char> s_blanks = SearchValues.Create(" \t\n");

    internal override int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches)
    {
        if (shape == TextShape.Arguments)
        {
            FindInArguments(text, matches);
            return text.Length;
        }

        int open = OpenWord(text, s_words);
        int at = 0;
        while (Next(text, at, s_search) is >= 0 and int found)
        {
            (int start, int end) = LineAround(text, at, found);
            FindInLine(text[..end], start, matches);
            if (end == text.Length)
            {
                open = Math.Min(open, start);
            }

            at = Math.Max(end, found + 1);
        }

        return open;
    }

    // A line ends where no quote and no backslash continues it; that is left to the words: what is cut here is only a bound.
    private static (int Start, int End) LineAround(ReadOnlySpan<char> text, int from, int found)
    {
        int start = text[from..found].LastIndexOfAny(s_lineEnds);
        start = start < 0 ? from : from + start + 1;
        start = Math.Max(start, found - LongestLine);
        int end = found;
        while (end < text.Length)
        {
            int next = text[end..].IndexOfAny(s_lineEnds);
            end = next < 0 ? text.Length : end + next;
            if (end == text.Length || text[end - 1] != '\\')
            {
                break;
            }

            end++; // a continued line
        }

        return (start, Math.Min(end, found + LongestLine));
    }

    private static void FindInLine(ReadOnlySpan<char> text, int start, MatchList matches)
    {
        ShellCommandRules rules = default;
        ShellWords words = new(text, start);
        while (words.TryNext(out ShellWord word))
        {
            if (word.IsSeparator)
            {
                rules = default;
                continue;
            }

            rules.Look(text, word, matches);
            FindInside(text, word.Start, word.End, matches);
        }
    }

    private static void FindInArguments(ReadOnlySpan<char> text, MatchList matches)
    {
        ShellCommandRules rules = default;
        int start = 0;
        while (start <= text.Length)
        {
            int length = text[start..].IndexOf('\0');
            int end = length < 0 ? text.Length : start + length;
            rules.Look(text, new ShellWord(start, end, false), matches);
            FindInside(text, start, end, matches);
            if (text[start..end].IndexOfAny(s_blanks) >= 0)
            {
                FindInLine(text[..end], start, matches); // sh -c 'mysql -px'
            }

            start = end + 1;
        }
    }

    // URIs and connection strings within a word.
    private static void FindInside(ReadOnlySpan<char> text, int start, int end, MatchList matches)
    {
        ReadOnlySpan<char> upTo = text[..end];
        int open = end;
        for (int at = start; Next(upTo, at, ConnectionWords.Search) is >= 0 and int found;)
        {
            at = upTo[found..].StartsWith(UriPasswords.Trigger, StringComparison.Ordinal)
                ? UriPasswords.Find(upTo, found, matches, ref open)
                : ConnectionWords.Find(upTo, start, found, matches);
        }
    }
}
