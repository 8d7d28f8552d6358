namespace ECapture.Log;

/// <summary>A partition of a topic, by the topic's short name (<see cref="Events.Topics"/>).</summary>
public readonly record struct TopicPartition(string Topic, int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Topic}/{Partition}";
}
