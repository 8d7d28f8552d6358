namespace ECapture.Policies;

/// <summary>The policy in force for the volumes that hold the log and the store.</summary>
public sealed record StoragePolicy
{
    /// <summary>Free space of the store's volume below which the oldest partitions are dropped; null: nothing is dropped for space.</summary>
    public required FreeSpace? MinimumFree { get; init; }

    /// <summary>Where archived partitions go, absolute; null: <c>archive</c> in the data directory.</summary>
    public required string? ArchiveDirectory { get; init; }

    /// <summary>Most bytes of the local log; null: as <c>--log-limit</c> says.</summary>
    public required long? LogBytes { get; init; }

    /// <summary>Age at which dead letters may be dropped; null: as the events of their topic.</summary>
    public required LetterAge? DeadLetters { get; init; }

    /// <summary>Where each setting comes from, by its name in the file: <c>minimum_free</c> …</summary>
    public required IReadOnlyDictionary<string, PolicySource> Sources { get; init; }
}
