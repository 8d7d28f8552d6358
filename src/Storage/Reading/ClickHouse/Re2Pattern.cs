using System.Globalization;
using System.Text;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>A pattern as RE2 reads it (https://github.com/google/re2/wiki/Syntax), which ClickHouse's <c>match</c> uses: code points of UTF-8, linear time.</summary>
internal static class Re2Pattern
{
    public static string Render(Pattern pattern) => new PatternRenderer(AppendSet).Append(pattern).ToString();

    private static void AppendSet(StringBuilder text, IReadOnlyList<(int First, int Last)> ranges) =>
        text.Append('[').AppendJoin("", ranges.Select(Range)).Append(']');

    private static string Range((int First, int Last) range) =>
        string.Create(CultureInfo.InvariantCulture, $"\\x{{{range.First:X}}}-\\x{{{range.Last:X}}}");
}
