using System.Globalization;
using System.Text;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>Writes a pattern as the regular expression of an engine: grouping, alternation, counted repetition and anchors are written alike in all, a set of code points is not.</summary>
/// <param name="appendSet">Writes one code point out of these ranges (first and last included) as the engine wants it; the text must hold together as one item.</param>
internal sealed class PatternRenderer(Action<StringBuilder, IReadOnlyList<(int First, int Last)>> appendSet)
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds a pattern after what was added.</summary>
    public PatternRenderer Append(Pattern pattern)
    {
        switch (pattern)
        {
            case Pattern.Set set:
                appendSet(_text, set.Ranges);
                break;
            case Pattern.Sequence sequence:
                AppendGroup(sequence.Parts, "");
                break;
            case Pattern.Alternatives alternatives:
                AppendGroup(alternatives.Parts, "|");
                break;
            case Pattern.Repeat repeat:
                Append(repeat.Inner);
                _text.Append(CultureInfo.InvariantCulture, $"{{{repeat.Minimum},{repeat.Maximum}}}");
                break;
            case Pattern.Start:
                _text.Append('^');
                break;
            default:
                _text.Append('$');
                break;
        }

        return this;
    }

    /// <summary>The expression.</summary>
    public override string ToString() => _text.ToString();

    private void AppendGroup(IReadOnlyList<Pattern> parts, string separator)
    {
        _text.Append("(?:");
        for (int i = 0; i < parts.Count; i++)
        {
            _text.Append(i == 0 ? "" : separator);
            Append(parts[i]);
        }

        _text.Append(')');
    }
}
