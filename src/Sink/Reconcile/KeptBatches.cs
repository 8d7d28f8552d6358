namespace ECapture.Sink.Reconcile;

/// <summary>The batches of a partition that its log still holds.</summary>
/// <param name="from">Where the first of them begins.</param>
internal sealed class KeptBatches(long from)
{
    /// <summary>Where the first of them begins.</summary>
    public long From { get; } = from;

    /// <summary>Records by hour, as their accounts say.</summary>
    public Dictionary<long, long> Records { get; } = [];
}
