using System.Globalization;
using System.Text;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>A pattern as RE2 reads it (https://github.com/google/re2/wiki/Syntax), which ClickHouse's <c>match</c> uses: code points of UTF-8, linear time.</summary>
internal static class Re2Pattern
{
    public static string Render(Pattern pattern)
    {
        StringBuilder text = new();
        Append(text, pattern);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Pattern pattern)
    {
        switch (pattern)
        {
            case Pattern.Set set:
                text.Append('[').AppendJoin("", set.Ranges.Select(Range)).Append(']');
                break;
            case Pattern.Sequence sequence:
                text.Append("(?:");
                foreach (Pattern part in sequence.Parts)
                {
                    Append(text, part);
                }

                text.Append(')');
                break;
            case Pattern.Alternatives alternatives:
                text.Append("(?:");
                for (int i = 0; i < alternatives.Parts.Count; i++)
                {
                    text.Append(i == 0 ? "" : "|");
                    Append(text, alternatives.Parts[i]);
                }

                text.Append(')');
                break;
            case Pattern.Repeat repeat:
                Append(text, repeat.Inner);
                text.Append(CultureInfo.InvariantCulture, $"{{{repeat.Minimum},{repeat.Maximum}}}");
                break;
            case Pattern.Start:
                text.Append('^');
                break;
            default:
                text.Append('$');
                break;
        }
    }

    private static string Range((int First, int Last) range) =>
        string.Create(CultureInfo.InvariantCulture, $"\\x{{{range.First:X}}}-\\x{{{range.Last:X}}}");
}
