using System.Globalization;
using ECapture.Events.Formatting;

namespace ECapture.Query.Requests;

/// <summary>Times as users write them, in nanoseconds of the Unix epoch.</summary>
public static class TimeText
{
    private const long NanosecondsPerTick = 100;

    /// <summary>The current time.</summary>
    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;

    /// <summary>Reads <c>30s</c>, <c>10m</c>, <c>2h</c>, <c>7d</c>, <c>1w</c>.</summary>
    public static bool TryParseDuration(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return false;
        }

        long seconds = text[^1] switch
        {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => 0,
        };
        if (seconds == 0 || count > 100L * 365 * 86_400 / seconds)
        {
            return false;
        }

        nanoseconds = count * seconds * 1_000_000_000;
        return true;
    }

    /// <summary>Reads RFC 3339 with up to nine digits of a second; UTC when no offset is given.</summary>
    public static bool TryParseTime(string text, out long nanoseconds)
    {
        ArgumentNullException.ThrowIfNull(text);
        nanoseconds = 0;
        // DateTimeOffset holds seven digits of a second; the last two are taken apart.
        int extra = 0;
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            int end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end - dot - 1 is > 9 or 0)
            {
                return false;
            }

            if (end - dot - 1 > 7)
            {
                extra = int.Parse(text.AsSpan(dot + 8, end - dot - 8), CultureInfo.InvariantCulture) * (end - dot - 1 == 8 ? 10 : 1);
                text = text[..(dot + 8)] + text[end..];
            }
        }

        if (!DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            || time.Year is < 1970 or > 2200)
        {
            return false;
        }

        nanoseconds = ((time.UtcDateTime - DateTime.UnixEpoch).Ticks * NanosecondsPerTick) + extra;
        return true;
    }

    /// <summary>RFC 3339 in UTC with nine digits of a second.</summary>
    public static string Format(long nanoseconds) => Timestamp.Format(nanoseconds);
}
