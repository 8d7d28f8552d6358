namespace ECapture.Sink.Delivery;

/// <summary>What became of a batch.</summary>
/// <param name="Superseded">
/// Null: every row of the batch is stored, and progress with it. Else another sink settled this range, nothing of the batch may count,
/// and the partition goes on there.
/// </param>
public readonly record struct WriteOutcome(ResumePoint? Superseded)
{
    /// <summary>The batch is stored.</summary>
    public static WriteOutcome Stored { get; } = new(null);
}
