namespace ECapture.Log.Local;

/// <summary>How a member of a consumer group reads the local log.</summary>
public sealed record LocalConsumerOptions
{
    /// <summary>After this long without a sign of life a member's partitions go to others. 10 s by default; at least 200 ms.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a member that waits looks for new records; after fifty looks in vain every 50 ms. 20 ms by default; 1 ms to 1 s.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A delivery ends when it holds this many bytes. 512 KiB by default.</summary>
    public int DeliveryBytes { get; init; } = 512 * 1024;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and its range.</exception>
    public void Validate()
    {
        if (Lease < TimeSpan.FromMilliseconds(200))
        {
            throw new ArgumentException($"Lease is {Lease}; it must be at least 200 ms");
        }

        if (Poll < TimeSpan.FromMilliseconds(1) || Poll > TimeSpan.FromSeconds(1))
        {
            throw new ArgumentException($"Poll is {Poll}; it must be 1 ms to 1 s");
        }

        if (DeliveryBytes < 1)
        {
            throw new ArgumentException($"DeliveryBytes is {DeliveryBytes}; it must be positive");
        }
    }
}
