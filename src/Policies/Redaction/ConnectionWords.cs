using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary><c>password=…</c> and <c>pwd=…</c> within a word of a shell line: connection strings, forms, query strings.</summary>
internal static class ConnectionWords
{
    /// <summary>What such texts are found by.</summary>
    internal static readonly SearchValues<string> Search =
        SearchValues.Create(["password=", "passwd=", "pwd=", UriPasswords.Trigger], StringComparison.OrdinalIgnoreCase);

    /// <summary>Looks at an assignment.</summary>
    /// <param name="text">The text up to the end of the word.</param>
    /// <param name="wordStart">Where the word begins.</param>
    /// <param name="found">Where the name was found.</param>
    /// <param name="matches">Receives the value.</param>
    /// <returns>Where to go on.</returns>
    internal static int Find(ReadOnlySpan<char> text, int wordStart, int found, MatchList matches)
    {
        int start = found + text[found..].IndexOf('=') + 1;
        if (found > wordStart && text[found..].StartsWith("pwd", StringComparison.OrdinalIgnoreCase) && char.IsAsciiLetter(text[found - 1]))
        {
            return start; // OLDPWD=
        }

        if (found == wordStart && text[found..].StartsWith("PWD=", StringComparison.Ordinal))
        {
            return start; // the shell's own variable
        }

        int end = start;
        if (start < text.Length && text[start] is '\'' or '"')
        {
            int close = text[(start + 1)..].IndexOf(text[start]);
            end = close < 0 ? text.Length : start + 1 + close;
            start++;
        }
        else
        {
            while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not (';' or '&' or '\'' or '"' or '`' or ',' or ')'))
            {
                end++;
            }
        }

        matches.Add(start, end);
        return Math.Max(end, found + 1);
    }
}
