using System.Globalization;
using System.Text;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Storage.Reading.Postgres;

/// <summary>
/// A pattern as an advanced regular expression of PostgreSQL (its manual, "POSIX Regular Expressions") over <c>encode(value, 'escape')</c>: PostgreSQL has no expressions over
/// bytes, and its texts take neither NUL nor what is no UTF-8. In that form a byte from 80 on and NUL is <c>\ooo</c>, a backslash two, everything else itself.
/// </summary>
internal static class PostgresPattern
{
    // One byte in that form: where a match may begin, for "\101" holds no "1".
    private const string AnyByte = @"(?:[^\u005c]|\u005c\u005c|\u005c[0-7]{3})";

    public static string Render(Pattern pattern) =>
        (BeginsPlainly(pattern) ? "" : $"^{AnyByte}*?") + new PatternRenderer(AppendSet).Append(pattern);

    /// <summary>A pattern that finds these bytes, ASCII letters in either case.</summary>
    public static string RenderContains(ReadOnlySpan<byte> value)
    {
        StringBuilder text = new($"^{AnyByte}*?");
        foreach (byte b in value)
        {
            if (char.IsAsciiLetter((char)b))
            {
                text.Append(CultureInfo.InvariantCulture, $"[{(char)(b | 0x20)}{(char)(b & ~0x20)}]");
            }
            else
            {
                text.Append(Byte(b));
            }
        }

        return text.ToString();
    }

    /// <summary>Bytes as <c>encode(value, 'escape')</c> gives them.</summary>
    public static string Escape(ReadOnlySpan<byte> value)
    {
        StringBuilder text = new();
        foreach (byte b in value)
        {
            text.Append(b switch
            {
                0 or >= 0x80 => "\\" + Octal(b),
                (byte)'\\' => @"\\",
                _ => ((char)b).ToString(),
            });
        }

        return text.ToString();
    }

    /// <summary>True when a match can only begin where a byte begins: its first character is never part of <c>\ooo</c> or of a doubled backslash.</summary>
    public static bool BeginsPlainly(byte first) => first is > 0 and < 0x80 and not (byte)'\\' and not (>= (byte)'0' and <= (byte)'7');

    private static bool BeginsPlainly(Pattern pattern) => pattern switch
    {
        Pattern.Set set => set.Ranges.Count > 0 && set.Ranges.All(r => r.Last < 0x80 && Enumerable.Range(r.First, r.Last - r.First + 1).All(c => BeginsPlainly((byte)c))),
        Pattern.Sequence sequence => sequence.Parts.Count > 0 && BeginsPlainly(sequence.Parts[0]),
        Pattern.Alternatives alternatives => alternatives.Parts.All(BeginsPlainly),
        Pattern.Repeat repeat => repeat.Minimum > 0 && BeginsPlainly(repeat.Inner),
        _ => false,
    };

    private static void AppendSet(StringBuilder text, IReadOnlyList<(int First, int Last)> ranges)
    {
        List<string> forms = [];
        StringBuilder plain = new();
        foreach ((int first, int last) in ranges)
        {
            if (first == 0)
            {
                forms.Add(Byte(0));
            }

            if (first <= '\\' && last >= '\\')
            {
                forms.Add(Byte((byte)'\\'));
            }

            AppendPlain(plain, Math.Max(first, 1), Math.Min(last, '\\' - 1));
            AppendPlain(plain, Math.Max(first, '\\' + 1), Math.Min(last, 0x7f));
            if (last >= 0x80)
            {
                forms.AddRange(Utf8Ranges.Of(Math.Max(first, 0x80), last).Select(bytes => string.Concat(bytes.Select(b => @"\u005c" + OctalRange(b.First, b.Last, 3)))));
            }
        }

        if (plain.Length > 0)
        {
            forms.Add($"[{plain}]");
        }

        text.Append("(?:").AppendJoin('|', forms).Append(')');
    }

    private static void AppendPlain(StringBuilder text, int first, int last)
    {
        if (first <= last)
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{first:x4}-\\u{last:x4}");
        }
    }

    private static string Byte(byte b) => b switch
    {
        0 or >= 0x80 => @"\u005c" + Octal(b),
        (byte)'\\' => @"\u005c\u005c",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)b:x4}"),
    };

    private static string Octal(byte b) => Convert.ToString(b, 8).PadLeft(3, '0');

    // The octal numbers from first to last with so many digits.
    private static string OctalRange(int first, int last, int digits)
    {
        if (digits == 1)
        {
            return first == last ? $"{first}" : $"[{first}-{last}]";
        }

        int rest = 1 << (3 * (digits - 1));
        (int low, int high) = (first / rest, last / rest);
        if (low == high)
        {
            return low + OctalRange(first % rest, last % rest, digits - 1);
        }

        List<string> parts = [];
        if (first % rest != 0)
        {
            parts.Add(low++ + OctalRange(first % rest, rest - 1, digits - 1));
        }

        string? end = last % rest == rest - 1 ? null : high-- + OctalRange(0, last % rest, digits - 1);
        if (low <= high)
        {
            parts.Add($"[{low}-{high}][0-7]{{{digits - 1}}}");
        }

        if (end is not null)
        {
            parts.Add(end);
        }

        return parts.Count == 1 ? parts[0] : "(?:" + string.Join('|', parts) + ")";
    }
}
