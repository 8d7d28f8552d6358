namespace ECapture.Log.Local;

/// <summary>Records that left the log before every consumer group had read them.</summary>
/// <param name="Partition">Where they were.</param>
/// <param name="FirstOffset">First lost offset.</param>
/// <param name="NextOffset">First offset after the lost ones.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record DroppedRange(TopicPartition Partition, long FirstOffset, long NextOffset, string Reason)
{
    /// <summary>How many records; offsets within a segment are contiguous.</summary>
    public long Records => NextOffset - FirstOffset;
}
