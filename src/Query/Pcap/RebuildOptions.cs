using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>How a pcapng file is rebuilt.</summary>
public sealed record RebuildOptions
{
    /// <summary>False leaves the TLS secrets out.</summary>
    public bool Keys { get; init; } = true;

    /// <summary>True makes packets of the plaintext of sessions that no packets were captured of, and marks them as made; false leaves such sessions empty.</summary>
    public bool Synthetic { get; init; } = true;

    /// <summary>
    /// True writes a block per process for Wireshark newer than 4.4, which then shows names, users and start times. Older versions list each as
    /// a record without time before the packets, which upsets their relative times; every packet has its process id and a comment anyway.
    /// </summary>
    public bool ProcessBlocks { get; init; }

    /// <summary>Only packets of this time, instead of whole sessions; null: whole sessions.</summary>
    public TimeRange? Window { get; init; }

    /// <summary>What the file says of itself: who asked for what, and why. Empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>
    /// How far, in nanoseconds, before the first and after the last matched row the begin and the end of a session are looked for; a day by default.
    /// Packets of longer sessions are in the file as far as this goes.
    /// </summary>
    public long LookAround { get; init; } = 24 * 3_600_000_000_000;
}
