namespace ECapture.Sink.Verify;

/// <summary>What an agent run said of itself.</summary>
internal sealed class RunRecord
{
    /// <summary>The host.</summary>
    public string Host { get; set; } = "";

    /// <summary>When it started, nanoseconds of the epoch; null: its start is not stored.</summary>
    public long? Started { get; set; }

    /// <summary>When it stopped; null: it runs, or it ended uncleanly.</summary>
    public long? Stopped { get; set; }

    /// <summary>When its last checkpoint was made.</summary>
    public long? LastCheckpoint { get; set; }

    /// <summary>What was lost before it was appended, by place and reason.</summary>
    public SortedDictionary<(string Where, string Why), ulong> Losses { get; } = [];

    /// <summary>Last sequence of each stream as the last checkpoint says.</summary>
    public Dictionary<(string Topic, int Partition), ulong> Streams { get; } = [];
}
