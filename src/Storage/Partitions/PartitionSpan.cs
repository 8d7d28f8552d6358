using System.Globalization;

namespace ECapture.Storage.Partitions;

/// <summary>The time that a partition of an event table covers: a day (UTC) or an hour.</summary>
/// <param name="Unit">Which of both.</param>
/// <param name="Index">Days or hours since 1970-01-01.</param>
public readonly record struct PartitionSpan(PartitionUnit Unit, int Index)
{
    private const ulong NanosecondsPerHour = 3_600_000_000_000;
    private const string DayFormat = "yyyyMMdd";
    private const string HourFormat = "yyyyMMddHH";

    /// <summary>Begin, included.</summary>
    public DateTimeOffset From => DateTimeOffset.UnixEpoch.AddTicks(Index * Length(Unit).Ticks);

    /// <summary>End, not included.</summary>
    public DateTimeOffset To => From + Length(Unit);

    /// <summary>As the stores name the partition: <c>20261120</c>, <c>2026112007</c>.</summary>
    public string Name => From.ToString(Unit == PartitionUnit.Day ? DayFormat : HourFormat, CultureInfo.InvariantCulture);

    /// <summary>How long a partition is.</summary>
    public static TimeSpan Length(PartitionUnit unit) => unit == PartitionUnit.Day ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1);

    /// <summary>Nanoseconds of a partition: an event's time divided by it is the <see cref="Index"/>.</summary>
    public static ulong Nanoseconds(PartitionUnit unit) => unit == PartitionUnit.Day ? 24 * NanosecondsPerHour : NanosecondsPerHour;

    /// <summary>The partition of a time.</summary>
    /// <param name="wallNs">Nanoseconds of the Unix epoch.</param>
    /// <param name="unit">Day or hour.</param>
    public static PartitionSpan Of(ulong wallNs, PartitionUnit unit) => new(unit, (int)(wallNs / Nanoseconds(unit)));

    /// <summary>The partition of a time.</summary>
    public static PartitionSpan Of(DateTimeOffset time, PartitionUnit unit) =>
        new(unit, (int)((time - DateTimeOffset.UnixEpoch).Ticks / Length(unit).Ticks));

    /// <summary>Reads a name; null when it is none.</summary>
    public static PartitionSpan? Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        (string format, PartitionUnit unit) = name.Length == DayFormat.Length ? (DayFormat, PartitionUnit.Day) : (HourFormat, PartitionUnit.Hour);
        return DateTime.TryParseExact(name, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime from)
            && from >= DateTime.UnixEpoch
            ? Of(new DateTimeOffset(from, TimeSpan.Zero), unit)
            : null;
    }

    /// <summary>The hours of it.</summary>
    public IEnumerable<PartitionSpan> Hours()
    {
        int per = (int)(Length(Unit) / TimeSpan.FromHours(1));
        int first = Index * per;
        return Enumerable.Range(first, per).Select(hour => new PartitionSpan(PartitionUnit.Hour, hour));
    }

    /// <summary>The day that it is, or is in.</summary>
    public PartitionSpan Day => Of(From, PartitionUnit.Day);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
