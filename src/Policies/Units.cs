using System.Globalization;

namespace ECapture.Policies;

/// <summary>Durations and sizes as people write them.</summary>
public static class Units
{
    private static readonly (string Name, long Seconds)[] s_durations =
        [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];

    private static readonly (string Name, long Bytes)[] s_sizes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    /// <summary>Reads a duration: a whole number with one of s, m, h, d, w.</summary>
    /// <returns>Null when it is none.</returns>
    public static TimeSpan? ParseDuration(string text)
    {
        foreach ((string name, long seconds) in s_durations)
        {
            if (text.EndsWith(name, StringComparison.Ordinal) && Number(text[..^name.Length]) is { } count)
            {
                return count <= TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerSecond / seconds ? TimeSpan.FromSeconds(count * seconds) : null;
            }
        }

        return null;
    }

    /// <summary>Reads a size: a whole number with B, KiB, MiB, GiB, TiB, KB, MB, GB, TB, or none (bytes).</summary>
    /// <returns>Null when it is none.</returns>
    public static long? ParseSize(string text)
    {
        foreach ((string name, long bytes) in s_sizes)
        {
            if (text.EndsWith(name, StringComparison.Ordinal) && Number(text[..^name.Length].TrimEnd(' ')) is { } count)
            {
                return count <= long.MaxValue / bytes ? count * bytes : null;
            }
        }

        return Number(text);
    }

    /// <summary>A duration in its largest whole unit.</summary>
    public static string DurationText(TimeSpan duration)
    {
        long total = (long)duration.TotalSeconds;
        (string name, long seconds) = s_durations.Where(u => u.Name != "w").Reverse().First(u => u.Seconds == 1 || (total != 0 && total % u.Seconds == 0));
        return (total / seconds).ToString(CultureInfo.InvariantCulture) + name;
    }

    /// <summary>A size in its largest whole unit.</summary>
    public static string SizeText(long size)
    {
        (string name, long bytes) = s_sizes[..4].Reverse().FirstOrDefault(u => size != 0 && size % u.Bytes == 0);
        return bytes == 0 ? size.ToString(CultureInfo.InvariantCulture) + "B" : (size / bytes).ToString(CultureInfo.InvariantCulture) + name;
    }

    private static long? Number(string digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
