using System.Globalization;
using System.Text;
using ECapture.Events.Formatting;

namespace ECapture.Terminal.Text;

/// <summary>Bytes as lines of text, or as a hex dump when they are none; cut where the user asked for, with a mark that says how much there is.</summary>
internal sealed class BodyText(Live<TextOptions> live, Ink ink)
{
    /// <summary>Appends bytes.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="bytes">What was kept of them.</param>
    /// <param name="length">How many there were, or as many as were kept.</param>
    /// <param name="before">Stands in front of each line.</param>
    /// <param name="isMore">There are more than <paramref name="length"/>; how many is not known.</param>
    internal void Append(StringBuilder text, ReadOnlySpan<byte> bytes, long length, string before, bool isMore = false)
    {
        TextOptions options = live.Current;
        ReadOnlySpan<byte> shown = options.MostBytes > 0 && bytes.Length > options.MostBytes ? bytes[..options.MostBytes] : bytes;
        if (options.Hex || !IsText(bytes))
        {
            HexDump.Append(text, shown, before);
        }
        else
        {
            AppendLines(text, shown, before);
        }

        if (shown.Length < length || isMore)
        {
            text.Append(before);
            ink.Append(text, string.Create(CultureInfo.InvariantCulture, $"[cut: {shown.Length} of {(isMore ? "more than " : "")}{length} bytes are shown]"), Ink.Yellow);
            text.Append('\n');
        }
    }

    /// <summary>Bytes on one line; cut with a mark.</summary>
    internal string Line(ReadOnlySpan<byte> bytes, long length)
    {
        TextOptions options = live.Current;
        ReadOnlySpan<byte> shown = options.MostBytes > 0 && bytes.Length > options.MostBytes ? bytes[..options.MostBytes] : bytes;
        string line = options.Hex ? Convert.ToHexStringLower(shown) : Printable.Of(shown);
        return shown.Length < length
            ? string.Create(CultureInfo.InvariantCulture, $"{line} [cut: {shown.Length} of {length} bytes are shown]")
            : line;
    }

    // A character may be cut at the end of what was kept.
    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        const int LongestCharacter = 4;
        if (JsonBytes.IsText(bytes))
        {
            return true;
        }

        for (int less = 1; less < LongestCharacter && less < bytes.Length; less++)
        {
            if (bytes[^less] >= 0x80 && JsonBytes.IsText(bytes[..^less]))
            {
                return true;
            }
        }

        return false;
    }

    private static void AppendLines(StringBuilder text, ReadOnlySpan<byte> bytes, string before)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            if (!line.IsEmpty && line[^1] == (byte)'\r')
            {
                line = line[..^1];
            }

            text.Append(before);
            AppendLine(text, line);
            text.Append('\n');
        }
    }

    // A tab stays one: it moves nothing but to the right.
    private static void AppendLine(StringBuilder text, ReadOnlySpan<byte> line)
    {
        while (line.IndexOf((byte)'\t') is >= 0 and int tab)
        {
            text.Append(Escaped(line[..tab])).Append('\t');
            line = line[(tab + 1)..];
        }

        text.Append(Escaped(line));
    }

    private static string Escaped(ReadOnlySpan<byte> line) =>
        line.ContainsAnyExceptInRange((byte)' ', (byte)'~') ? Printable.Of(line) : Encoding.ASCII.GetString(line);
}
