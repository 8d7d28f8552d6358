namespace ECapture.Log.Local;

/// <summary>How the local log is bounded and who may share it.</summary>
public sealed record LocalLogOptions
{
    /// <summary>Bytes of all segments together. 8 GiB by default; at least four segments.</summary>
    public long MaxBytes { get; init; } = 8L << 30;

    /// <summary>A segment is closed when it has this many bytes. 256 MiB by default; 256 KiB to 16 GiB.</summary>
    public long SegmentBytes { get; init; } = 256L << 20;

    /// <summary>A segment is closed when it is this old, so that what everybody has read leaves the disk soon. One hour by default.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What happens at <see cref="MaxBytes"/> while a consumer group is behind. <see cref="LogFullAction.Refuse"/> by default.</summary>
    public LogFullAction WhenFull { get; init; } = LogFullAction.Refuse;

    /// <summary>
    /// Name or number of the Unix group that shares the log (files 0660, directory 2770). Null: only this user has access (0600, 0700).
    /// </summary>
    public string? Group { get; init; }

    /// <summary>
    /// True: an append returns when its records are on the disk (some milliseconds), so that a power cut takes none of them. False by default: they outlive the process only.
    /// </summary>
    public bool FlushesEachAppend { get; init; }

    /// <summary>Tells how old a segment is, and when to look again for segments that everybody has read (once a second). Not the wall clock: it never steps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and its range.</exception>
    public void Validate()
    {
        if (SegmentBytes is < 256 << 10 or > 16L << 30)
        {
            throw new ArgumentException($"SegmentBytes is {SegmentBytes}; it must be 262144 to {16L << 30}");
        }

        if (MaxBytes < 4 * SegmentBytes)
        {
            throw new ArgumentException($"MaxBytes is {MaxBytes}; it must be at least four times SegmentBytes ({SegmentBytes})");
        }

        if (SegmentAge < TimeSpan.FromSeconds(1))
        {
            throw new ArgumentException($"SegmentAge is {SegmentAge}; it must be at least one second");
        }
    }
}
