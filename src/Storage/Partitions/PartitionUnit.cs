namespace ECapture.Storage.Partitions;

/// <summary>How much time one partition of a table covers.</summary>
public enum PartitionUnit
{
    /// <summary>A day (UTC).</summary>
    Day,

    /// <summary>An hour.</summary>
    Hour,
}
