using System.Globalization;

namespace ECapture.Sink.Delivery;

/// <summary>A partition of a topic of one log: what progress belongs to.</summary>
/// <param name="Log">The log's id.</param>
/// <param name="Topic">Short name.</param>
/// <param name="Partition">Partition of the log.</param>
public readonly record struct PartitionId(string Log, string Topic, int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Topic}/{Partition} of log {Log}");
}
