using System.Text.RegularExpressions;

namespace ECapture.Policies.Redaction;

/// <summary>A user's regular expression.</summary>
internal sealed class OwnPattern(string pattern) : Matcher
{
    /// <summary>A match that is longer than this and straddles two pieces of a stream may be found in part only.</summary>
    internal const int LongestOpen = 256;

    private readonly Regex _regex = RedactionPattern.Create(pattern);

    internal override int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches)
    {
        foreach (ValueMatch match in _regex.EnumerateMatches(text))
        {
            matches.Add(match.Index, match.Index + match.Length);
        }

        return Math.Max(0, text.Length - LongestOpen);
    }
}
