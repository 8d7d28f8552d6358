using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary>
/// Finds the values of HTTP/1 header fields (RFC 9112, section 5), also where they stand in a shell line (<c>-H 'Name: value'</c>) or in JSON.
/// </summary>
internal abstract class HeaderMatcher : Matcher
{
    private const int LongestName = 32;
    private const int LongestQuoted = 16 * 1024; // without its closing quote until then it reaches to the end of the line
    private readonly string[] _words;
    private readonly SearchValues<string> _search;
    private readonly string[] _names;

    /// <param name="names">Whole field names in lower case.</param>
    /// <param name="words">What to look for: an end of each name, and words that <see cref="FindWord"/> handles.</param>
    private protected HeaderMatcher(string[] names, string[] words)
    {
        _names = names;
        _words = words;
        _search = SearchValues.Create(words, StringComparison.OrdinalIgnoreCase);
    }

    internal override int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches)
    {
        int open = OpenWord(text, _words);
        int at = 0;
        Line line = default;
        while (Next(text, at, _search) is >= 0 and int found)
        {
            string word = WordAt(text, found);
            int end = found + word.Length;
            int start = found;
            while (start > 0 && found - start < LongestName && IsName(text[start - 1]))
            {
                start--;
            }

            at = IsHeader(text[start..end], out string name)
                ? Header(text, start, end, name, matches, ref line, ref open)
                : FindWord(text, word, start, end, matches, ref open);
        }

        return open;
    }

    /// <summary>Adds what is secret of a value; returns where to go on.</summary>
    private protected abstract int AddValue(ReadOnlySpan<char> text, string name, int start, int end, MatchList matches);

    /// <summary>Looks at a word that stands elsewhere than in a field name; returns where to go on.</summary>
    private protected virtual int FindWord(ReadOnlySpan<char> text, string word, int start, int end, MatchList matches, ref int open) => end;

    private protected static bool IsName(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private bool IsHeader(ReadOnlySpan<char> candidate, out string name)
    {
        foreach (string known in _names)
        {
            if (candidate.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                name = known;
                return true;
            }
        }

        name = "";
        return false;
    }

    private string WordAt(ReadOnlySpan<char> text, int at)
    {
        foreach (string word in _words)
        {
            if (text[at..].StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        throw new InvalidOperationException("a word was found that is none");
    }

    private int Header(ReadOnlySpan<char> text, int start, int end, string name, MatchList matches, ref Line line, ref int open)
    {
        char before = start > 0 ? text[start - 1] : '\0';
        bool isQuoted = before is '"' or '\'';
        bool isEscaped = isQuoted && start > 1 && text[start - 2] == '\\';
        int at = end;
        char quote = '\0';
        if (isQuoted)
        {
            // "Name": "value" (JSON, perhaps within a text of JSON), or "Name: value" (a shell).
            int escape = isEscaped && at < text.Length && text[at] == '\\' ? 1 : 0;
            if (at + escape < text.Length && text[at + escape] == before)
            {
                at += escape + 1;
            }
            else
            {
                quote = before;
            }
        }

        at = SkipBlanks(text, at);
        if (at >= text.Length)
        {
            open = Math.Min(open, start);
            return at;
        }

        if (text[at] is not (':' or '='))
        {
            return end;
        }

        at = SkipBlanks(text, at + 1);
        if (quote == '\0' && isQuoted)
        {
            int escape = isEscaped && at < text.Length && text[at] == '\\' ? 1 : 0;
            if (at + escape < text.Length && text[at + escape] is '"' or '\'')
            {
                quote = text[at + escape];
                at += escape + 1;
            }
        }

        int valueEnd = EndOfValue(text, at, quote, isEscaped, ref line);
        if (valueEnd == line.End && line.IsOpen)
        {
            open = Math.Min(open, start);
        }

        return Math.Max(end, AddValue(text, name, at, valueEnd, matches));
    }

    private static int EndOfValue(ReadOnlySpan<char> text, int start, char quote, bool isEscaped, ref Line line)
    {
        // Looked for once a line, however many names stand in it.
        if (line.End < start || start == 0)
        {
            line = EndOfLine(text, start);
        }

        if (quote == '\0')
        {
            return line.End;
        }

        int most = Math.Min(line.End, start + LongestQuoted);
        for (int i = start; i < most; i++)
        {
            char c = text[i];
            if (c is '\r' or '\n')
            {
                return i;
            }

            if (c == '\\' && i + 1 < text.Length)
            {
                if (isEscaped && text[i + 1] == quote)
                {
                    return i;
                }

                i++;
            }
            else if (c == quote)
            {
                return i;
            }
        }

        return line.End;
    }

    private static Line EndOfLine(ReadOnlySpan<char> text, int start)
    {
        int at = start;
        while (text[at..].IndexOfAny('\r', '\n', '\0') is >= 0 and int found)
        {
            at += found;
            if (text[at] == '\0' || !IsFolded(text, at, out bool isOpen))
            {
                return new Line(at, false);
            }

            if (isOpen)
            {
                return new Line(at, true);
            }

            at++;
        }

        return new Line(text.Length, true);
    }

    // A line that begins with a blank continues the one before (obsolete line folding, RFC 9112, section 5.2). At the end of the text: perhaps.
    private static bool IsFolded(ReadOnlySpan<char> text, int at, out bool isOpen)
    {
        int next = at + (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1);
        isOpen = next >= text.Length;
        return isOpen || IsBlank(text[next]);
    }

    // Where the line ends that was looked at last, and whether more text could make it longer.
    private readonly record struct Line(int End, bool IsOpen);
}
