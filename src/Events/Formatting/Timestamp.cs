using System.Globalization;

namespace ECapture.Events.Formatting;

/// <summary>Nanoseconds of the Unix epoch for people and machines.</summary>
public static class Timestamp
{
    private const long NanosecondsPerTick = 100;

    /// <summary>RFC 3339 in UTC with nine digits of a second.</summary>
    public static string Format(long nanoseconds)
    {
        long ticks = Math.DivRem(nanoseconds, NanosecondsPerTick, out long rest);
        if (rest < 0)
        {
            ticks--;
            rest += NanosecondsPerTick;
        }

        long first = -DateTime.UnixEpoch.Ticks;
        DateTime time = DateTime.UnixEpoch.AddTicks(Math.Clamp(ticks, first, DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks));
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd'T'HH:mm:ss.fffffff}{rest:00}Z");
    }
}
