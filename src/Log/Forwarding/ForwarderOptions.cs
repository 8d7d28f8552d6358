namespace ECapture.Log.Forwarding;

/// <summary>How the forwarder works.</summary>
public sealed record ForwarderOptions
{
    /// <summary>Name of the host, which takes part in the choice of Kafka partitions. The machine's name by default.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>Short names of the topics that are forwarded. All by default.</summary>
    public IReadOnlyCollection<string> Topics { get; init; } = Events.Topics.Logged;

    /// <summary>How long a stop waits for acknowledgements; the rest stays in the local log. 1.5 s by default.</summary>
    public TimeSpan StopWait { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>First wait after a failure; it doubles up to <see cref="LongestBackoff"/>. 200 ms by default.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait after a failure. 10 s by default.</summary>
    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(10);
}
