namespace ECapture.Sink.Delivery;

/// <summary>Where a partition goes on, as its store says.</summary>
/// <param name="Offset">The next offset; null: nothing is known of this partition, it begins with the first record kept.</param>
/// <param name="ReplayTo">Not null: first everything up to (not with) this offset is run again as one batch.</param>
/// <param name="Positions">The stream positions at <paramref name="Offset"/>.</param>
public sealed record ResumePoint(long? Offset, long? ReplayTo, IReadOnlyList<StreamPosition> Positions)
{
    /// <summary>A partition that the store never saw.</summary>
    public static ResumePoint Beginning { get; } = new(null, null, []);
}
