using System.Text.Json;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Archive;

/// <summary>What an archived partition of a table holds. It is written after the data were read back: with it the archive is whole.</summary>
public sealed record ArchiveManifest
{
    /// <summary>The form of archive and manifest that this program writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Form of archive and manifest.</summary>
    public required int Format { get; init; }

    /// <summary>Name of the archive: the names of its files without their endings.</summary>
    public required string Name { get; init; }

    /// <summary>The store it came from, as its address says.</summary>
    public required string Store { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The partition: <c>yyyyMMdd</c> or <c>yyyyMMddHH</c>.</summary>
    public required string Partition { get; init; }

    /// <summary>Names the drop in the table <c>expired</c>.</summary>
    public required Guid Action { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The file with the events: gzip over length-delimited <c>ArchivedEvent</c> messages (schemas/proto/ecapture/v1/archive.proto).</summary>
    public required string File { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>SHA-256 of the file, hexadecimal.</summary>
    public required string FileSha256 { get; init; }

    /// <summary>Bytes of the messages before compression.</summary>
    public required long ContentBytes { get; init; }

    /// <summary>SHA-256 of them, hexadecimal.</summary>
    public required string ContentSha256 { get; init; }

    /// <summary>Events.</summary>
    public required long Rows { get; init; }

    /// <summary>Time of the earliest event; null: there is none.</summary>
    public required DateTimeOffset? FirstTime { get; init; }

    /// <summary>Time of the latest event.</summary>
    public required DateTimeOffset? LastTime { get; init; }

    /// <summary>What it holds of each stream.</summary>
    public required IReadOnlyList<StreamShare> Streams { get; init; }

    /// <summary>What it holds of each partition of the log.</summary>
    public required IReadOnlyList<LogPartitionShare> LogPartitions { get; init; }

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}
