namespace ECapture.Terminal.Delivery;

/// <summary>How a receiver that is slow or away is dealt with.</summary>
internal sealed record RemoteOptions
{
    /// <summary>Bytes that wait for it; what comes beyond is counted, and declared when it takes records again. Default 8 MiB.</summary>
    internal long MostQueuedBytes { get; init; } = 8L << 20;

    /// <summary>Pause before the first new connection; it doubles up to <see cref="LongestPause"/>.</summary>
    internal TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between two connections.</summary>
    internal TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may take to come about.</summary>
    internal TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the end of the command waits for what is queued.</summary>
    internal TimeSpan DrainLimit { get; init; } = TimeSpan.FromMilliseconds(500);
}
