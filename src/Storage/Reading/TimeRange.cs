namespace ECapture.Storage.Reading;

/// <summary>A span of time in nanoseconds of the Unix epoch.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
public readonly record struct TimeRange(long From, long To)
{
    /// <summary>All of time.</summary>
    public static TimeRange Always { get; } = new(0, long.MaxValue);
}
