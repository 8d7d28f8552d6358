using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary>Finds what one rule redacts in a text: bytes seen as Latin-1 characters.</summary>
internal abstract class Matcher
{
    /// <summary>Finds matches, judging as if the text ended where it ends.</summary>
    /// <param name="text">Any bytes.</param>
    /// <param name="shape">What kind of text it is.</param>
    /// <param name="matches">Receives the ranges.</param>
    /// <returns>
    /// Where something begins that more text could turn into a match or could make longer: judge again from there when more comes. The
    /// text's length when nothing is open.
    /// </returns>
    internal abstract int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches);

    /// <summary>True for what names and identifiers are made of.</summary>
    protected static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>True for blanks within a line.</summary>
    protected static bool IsBlank(char c) => c is ' ' or '\t';

    /// <summary>True for blanks and the ends of lines.</summary>
    protected static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n' or '\f' or '\v';

    /// <summary>The first index from <paramref name="at"/> that is no blank.</summary>
    protected static int SkipBlanks(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && IsBlank(text[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Where the longest end of the text begins that is the beginning of a word that the rule looks for.</summary>
    protected static int OpenWord(ReadOnlySpan<char> text, string[] words)
    {
        int open = text.Length;
        foreach (string word in words)
        {
            for (int length = Math.Min(word.Length - 1, text.Length); length > text.Length - open; length--)
            {
                if (text[^length..].Equals(word.AsSpan(0, length), StringComparison.OrdinalIgnoreCase))
                {
                    open = text.Length - length;
                    break;
                }
            }
        }

        return open;
    }

    /// <summary>The next of the words, with any case, from <paramref name="at"/>; -1: none.</summary>
    protected static int Next(ReadOnlySpan<char> text, int at, SearchValues<string> words)
    {
        int found = at >= text.Length ? -1 : text[at..].IndexOfAny(words);
        return found < 0 ? -1 : at + found;
    }
}
