using System.Buffers;
using System.Text;

namespace ECapture.Storage.ClickHouse;

/// <summary>Values and names as ClickHouse's parser reads them.</summary>
public static class ClickHouseText
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create("\\\t\n\r\0\b\f'");

    /// <summary>A value of a <c>{name:Type}</c> parameter in TabSeparated escaping, as both HTTP and the C API expect it.</summary>
    internal static string EscapeParameter(string value)
    {
        if (value.AsSpan().IndexOfAny(Escaped) < 0)
        {
            return value;
        }

        StringBuilder escaped = new(value.Length + 8);
        foreach (char c in value)
        {
            _ = c switch
            {
                '\\' => escaped.Append("\\\\"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\0' => escaped.Append("\\0"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                '\'' => escaped.Append("\\'"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    /// <summary>A name between backticks.</summary>
    public static string QuoteName(string name) =>
        "`" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal) + "`";

    /// <summary>A string between apostrophes.</summary>
    public static string QuoteString(string value) =>
        "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
