using System.Text;
using ECapture.Events;

namespace ECapture.Policies.Redaction;

/// <summary>
/// Applies the redaction rules of one module. What they match is overwritten with a mark of the same length, so that lengths and offsets stay. Not for
/// several threads at once: buffers are reused.
/// </summary>
public sealed class Redactor
{
    /// <summary>What is written over redacted bytes.</summary>
    public const byte Mark = (byte)'*';

    private readonly Matcher[] _matchers;
    private readonly string[] _names;
    private readonly MatchList _matches = new();
    private readonly MatchList _settled = new();
    private char[] _text = new char[16 * 1024];

    private Redactor(IReadOnlyList<RedactionRule> rules)
    {
        _names = [.. rules.Select(r => r.Name)];
        _matchers = [.. rules.Select(Create)];
    }

    /// <summary>What the last search found: in order, without overlaps.</summary>
    public ReadOnlySpan<RedactedRange> Matches => _matches.Ranges;

    /// <summary>
    /// What of <see cref="Matches"/> stays whatever comes behind the text. Who judges again with less in front gives this to the next search: what a match was
    /// known by may be gone then.
    /// </summary>
    public ReadOnlySpan<RedactedRange> Settled => _settled.Ranges;

    /// <summary>The redactor of a module.</summary>
    /// <returns>Null when it has no rules.</returns>
    public static Redactor? For(ModulePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.Redact.Count == 0 ? null : new Redactor(policy.Redact);
    }

    /// <summary>Finds what is to be overwritten; see <see cref="Matches"/>.</summary>
    /// <param name="bytes">Any bytes.</param>
    /// <param name="shape">What kind of text it is.</param>
    /// <returns>
    /// Of a text that goes on: from where on it must be judged again together with what follows. The text's length: it need not.
    /// </returns>
    public int Find(ReadOnlySpan<byte> bytes, TextShape shape) => Find(bytes, shape, []);

    /// <summary>Finds what is to be overwritten in the rest of a text that was looked at before.</summary>
    /// <param name="bytes">Any bytes.</param>
    /// <param name="shape">What kind of text it is.</param>
    /// <param name="settled">What was <see cref="Settled"/> before, in this text's indices; negative where it began before.</param>
    /// <returns>As <see cref="Find(ReadOnlySpan{byte}, TextShape)"/>.</returns>
    public int Find(ReadOnlySpan<byte> bytes, TextShape shape, ReadOnlySpan<RedactedRange> settled)
    {
        _matches.Clear();
        _settled.Clear();
        _matches.Add(settled);
        _settled.Add(settled);
        if (_text.Length < bytes.Length)
        {
            _text = new char[Math.Max(bytes.Length, _text.Length * 2)];
        }

        ReadOnlySpan<char> text = _text.AsSpan(0, Encoding.Latin1.GetChars(bytes, _text));
        int open = text.Length;
        for (int i = 0; i < _matchers.Length; i++)
        {
            int before = _matches.Ranges.Length;
            _matches.Rule = 1u << i;
            int openHere = OpenWithMatches(_matchers[i].Find(text, shape, _matches), _matches.Ranges[before..]);
            _settled.AddClosed(_matches.Ranges[before..], openHere);
            open = Math.Min(open, openHere);
        }

        _matches.Merge();
        _settled.Merge();
        return open;
    }

    /// <summary>Overwrites what of <see cref="Matches"/> lies in a part of the text.</summary>
    /// <param name="part">The part; a copy of the text's bytes.</param>
    /// <param name="partStart">Where in the text it begins.</param>
    public void Overwrite(Span<byte> part, int partStart)
    {
        foreach (RedactedRange match in Matches)
        {
            int start = Math.Max(0, match.Start - partStart);
            int end = Math.Min(part.Length, match.End - partStart);
            if (start < end)
            {
                part[start..end].Fill(Mark);
            }
        }
    }

    /// <summary>Counts what of <see cref="Matches"/> lies in a part of the text.</summary>
    public void Count(int partStart, int partLength, ref RedactionTally tally)
    {
        foreach (RedactedRange match in Matches)
        {
            if (match.Start < partStart + partLength && match.End > partStart)
            {
                tally.Add(match.Rules);
            }
        }
    }

    /// <summary>The encoded <c>Redaction</c> of an event; empty when nothing was overwritten.</summary>
    public ReadOnlySpan<byte> Encode(RedactionTally tally) => tally.Count == 0
        ? []
        : EventEncoder.EncodeRedaction(tally.Count, _names.Where((_, i) => (tally.Rules & (1u << i)) != 0));

    // A match that is not settled is found again only with all of it there.
    private static int OpenWithMatches(int open, ReadOnlySpan<RedactedRange> found)
    {
        for (int i = found.Length - 1; i >= 0; i--)
        {
            open = found[i].End > open ? Math.Min(open, found[i].Start) : open;
        }

        return open;
    }

    private static Matcher Create(RedactionRule rule) => rule switch
    {
        { Pattern: { } pattern } => new OwnPattern(pattern),
        { Name: RedactionRule.CardNumber } => new CardNumbers(),
        { Name: RedactionRule.BearerToken } => new BearerTokens(),
        { Name: RedactionRule.Cookie } => new Cookies(),
        { Name: RedactionRule.SqlPassword } => new SqlPasswords(),
        { Name: RedactionRule.ShellPassword } => new ShellPasswords(),
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule.Name, "there is no such rule"),
    };
}
