namespace ECapture.Sink.Delivery;

/// <summary>What became of the records of a batch whose events belong to one hour.</summary>
public sealed class HourAccount
{
    /// <summary>Hours since 1970-01-01 UTC; 0 where the time cannot be read.</summary>
    public required uint Hour { get; init; }

    /// <summary>Rows made, those included that the store refuses later.</summary>
    public long Events { get; internal set; }

    /// <summary>Events dropped because they were stored before.</summary>
    public long Duplicates { get; internal set; }

    /// <summary>Records that are no events.</summary>
    public long DeadLetters { get; internal set; }

    /// <summary>Offsets that held no record, jumps of the local log taken out.</summary>
    public long Gap { get; internal set; }

    /// <summary>Records read.</summary>
    public long Records => Events + Duplicates + DeadLetters;
}
