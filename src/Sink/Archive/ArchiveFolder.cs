using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ECapture.Events.V1;
using ECapture.Storage.Partitions;
using Google.Protobuf;

namespace ECapture.Sink.Archive;

/// <summary>
/// The folder with archived partitions: per archive a file of events and a manifest, which is there only when the events are on the disk and were read back.
/// </summary>
internal sealed class ArchiveFolder(string path)
{
    private const string EventsEnding = ".events.gz";
    private const string ManifestEnding = ".json";
    private const string Unfinished = ".part";
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Larger than any event that the sink takes, with its place: a length above it is damage.
    private const int LargestMessage = EventCheck.MaxBytes + 64;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>All archives, oldest partition first.</summary>
    /// <exception cref="SinkException">A manifest cannot be read.</exception>
    public IReadOnlyList<ArchiveManifest> List() => Directory.Exists(Path)
        ? [.. Directory.GetFiles(Path, "*" + ManifestEnding).Select(Read).OrderBy(m => m.Partition, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal)]
        : [];

    /// <summary>Those that may hold events of a time of a table.</summary>
    /// <exception cref="SinkException">A manifest cannot be read.</exception>
    public IReadOnlyList<ArchiveManifest> Of(string table, PartitionSpan span) =>
        [.. List().Where(archive => archive.Table == table && PartitionSpan.Parse(archive.Partition) is { } part && part.From < span.To && span.From < part.To)];

    /// <summary>One archive.</summary>
    /// <exception cref="SinkException">There is none of that name.</exception>
    public ArchiveManifest Find(string name)
    {
        string file = System.IO.Path.Combine(Path, name + ManifestEnding);
        return name.AsSpan().IndexOfAny('/', '\0') < 0 && File.Exists(file)
            ? Read(file)
            : throw new SinkException($"there is no archive {name} in {Path}; `ecapture archive list` shows what there is");
    }

    /// <summary>Removes what a process that died left unfinished. What is younger may be another store's, which is just being written.</summary>
    public void Clean(DateTimeOffset before)
    {
        if (Directory.Exists(Path))
        {
            IEnumerable<string> withoutManifest = Directory.GetFiles(Path, "*" + EventsEnding)
                .Where(file => !File.Exists(string.Concat(file.AsSpan(0, file.Length - EventsEnding.Length), ManifestEnding)));
            foreach (string file in Directory.GetFiles(Path, "*" + Unfinished).Concat(withoutManifest).Where(file => File.GetLastWriteTimeUtc(file) < before.UtcDateTime))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Writes an archive, reads it back, and only then says that it is there.</summary>
    /// <exception cref="SinkException">It cannot be written, or is not what was written when it is read back.</exception>
    public async Task<ArchiveManifest> WriteAsync(
        string store, StoredPartition partition, Guid action, DateTimeOffset now, IAsyncEnumerable<ExportedRow> rows, CancellationToken cancellationToken)
    {
        // Of the id its random end: two stores may archive the same day in the same second into one folder.
        string name = $"{partition.Table}-{partition.Span.Name}-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{action.ToString("N")[^8..]}";
        string file = System.IO.Path.Combine(Path, name + EventsEnding);
        string manifestFile = System.IO.Path.Combine(Path, name + ManifestEnding);
        if (File.Exists(file) || File.Exists(file + Unfinished) || File.Exists(manifestFile))
        {
            throw new SinkException($"{partition} cannot be archived in {Path}: there is an archive {name}; it is not dropped");
        }

        try
        {
            Directory.CreateDirectory(Path, PrivateFile | UnixFileMode.UserExecute);
            ArchiveTally tally = new();
            (string fileSha, long fileBytes, string contentSha, long contentBytes) = await WriteEventsAsync(file + Unfinished, rows, tally, cancellationToken).ConfigureAwait(false);
            ArchiveManifest manifest = new()
            {
                Format = ArchiveManifest.CurrentFormat,
                Name = name,
                Store = store,
                Table = partition.Table,
                Partition = partition.Span.Name,
                Action = action,
                CreatedAt = now,
                File = name + EventsEnding,
                FileBytes = fileBytes,
                FileSha256 = fileSha,
                ContentBytes = contentBytes,
                ContentSha256 = contentSha,
                Rows = tally.Rows,
                FirstTime = tally.FirstTime,
                LastTime = tally.LastTime,
                Streams = tally.Streams,
                LogPartitions = tally.LogPartitions,
            };
            File.Move(file + Unfinished, file);
            await VerifyAsync(manifest, cancellationToken).ConfigureAwait(false);
            WriteManifest(manifest, manifestFile);
            return manifest;
        }
        catch (Exception e)
        {
            // Tried again every 30 s: what is left of each attempt would fill the volume. The manifest first: while there is one, its events are there.
            if (Remove(manifestFile) && Remove(manifestFile + Unfinished) && Remove(file + Unfinished))
            {
                Remove(file);
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new SinkException($"{partition} cannot be archived in {Path}: {e.Message}; it is not dropped");
            }

            throw;
        }
    }

    // What cannot be removed now is, when it is a day old.
    private static bool Remove(string file)
    {
        try
        {
            File.Delete(file);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true; // the folder could not be made
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads an archive whole and compares it with its manifest.</summary>
    /// <exception cref="SinkException">It is damaged: what differs.</exception>
    public async Task VerifyAsync(ArchiveManifest manifest, CancellationToken cancellationToken)
    {
        ArchiveTally tally = new();
        await foreach (ArchivedEvent one in ReadEventsAsync(manifest, cancellationToken).ConfigureAwait(false))
        {
            if (!tally.Add(one.Event.Span, (int)one.LogPartition, (long)one.LogOffset))
            {
                throw Damaged(manifest, $"event {tally.Rows} cannot be read");
            }
        }

        if (tally.Rows != manifest.Rows || !tally.Streams.SequenceEqual(manifest.Streams) || !tally.LogPartitions.SequenceEqual(manifest.LogPartitions))
        {
            throw Damaged(manifest, $"it holds {tally.Rows} events, or other ones, and not the {manifest.Rows} of its manifest");
        }
    }

    /// <summary>The events of an archive; at the end its bytes are compared with the manifest.</summary>
    /// <exception cref="SinkException">It is damaged.</exception>
    public async IAsyncEnumerable<ArchivedEvent> ReadEventsAsync(ArchiveManifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string file = System.IO.Path.Combine(Path, System.IO.Path.GetFileName(manifest.File));
        HashingStream bytes = Open(manifest, file);
        await using (bytes.ConfigureAwait(false))
        {
            GZipStream unzipped = new(bytes, CompressionMode.Decompress, leaveOpen: true);
            HashingStream content = new(unzipped);
            BufferedStream buffered = new(content, 1 << 16);
            await using (buffered.ConfigureAwait(false))
            {
                while (Next(manifest, buffered) is { } one)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return one;
                }

                if (content.Sha256 != manifest.ContentSha256)
                {
                    throw Damaged(manifest, "the SHA-256 of its content is another");
                }
            }

            bytes.CopyTo(Stream.Null);
            if (bytes.Sha256 != manifest.FileSha256)
            {
                throw Damaged(manifest, "the SHA-256 of its file is another");
            }
        }
    }

    private static SinkException Damaged(ArchiveManifest manifest, string how) => new($"the archive {manifest.Name} is damaged: {how}");

    private static HashingStream Open(ArchiveManifest manifest, string file)
    {
        try
        {
            return new HashingStream(File.OpenRead(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SinkException($"the events of archive {manifest.Name} cannot be read: {e.Message}");
        }
    }

    private static ArchivedEvent? Next(ArchiveManifest manifest, Stream content)
    {
        try
        {
            int length = 0;
            for (int shift = 0; ; shift += 7)
            {
                int next = content.ReadByte();
                if (next < 0 && shift == 0)
                {
                    return null;
                }

                if (next < 0 || shift > 21)
                {
                    throw Damaged(manifest, "it ends in the middle of an event");
                }

                length |= (next & 0x7F) << shift;
                if (next < 0x80)
                {
                    break;
                }
            }

            if (length > LargestMessage)
            {
                throw Damaged(manifest, $"it has an event of {length} bytes");
            }

            byte[] message = new byte[length];
            content.ReadExactly(message);
            return ArchivedEvent.Parser.ParseFrom(message);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or InvalidProtocolBufferException)
        {
            throw Damaged(manifest, e.Message);
        }
    }

    private static async Task<(string FileSha, long FileBytes, string ContentSha, long ContentBytes)> WriteEventsAsync(
        string file, IAsyncEnumerable<ExportedRow> rows, ArchiveTally tally, CancellationToken cancellationToken)
    {
        using FileStream disk = new(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = PrivateFile });
        using HashingStream bytes = new(disk, leaveOpen: true);
        string contentSha;
        long contentBytes;
        using (GZipStream zipped = new(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (HashingStream content = new(zipped, leaveOpen: true))
        {
            await foreach (ExportedRow row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (!tally.Add(row.Event, row.LogPartition, row.LogOffset))
                {
                    throw new SinkException($"the row at offset {row.LogOffset} of log partition {row.LogPartition} is no event: {System.IO.Path.GetFileName(file)} is not written");
                }

                new ArchivedEvent { LogPartition = (uint)row.LogPartition, LogOffset = (ulong)row.LogOffset, Event = UnsafeByteOperations.UnsafeWrap(row.Event) }.WriteDelimitedTo(content);
            }

            contentSha = content.Sha256;
            contentBytes = content.Count;
        }

        disk.Flush(flushToDisk: true);
        return (bytes.Sha256, bytes.Count, contentSha, contentBytes);
    }

    private void WriteManifest(ArchiveManifest manifest, string file)
    {
        using (FileStream disk = new(file + Unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = PrivateFile }))
        {
            JsonSerializer.Serialize(disk, manifest, ArchiveManifest.Json);
            disk.Flush(flushToDisk: true);
        }

        File.Move(file + Unfinished, file);
        DurableFolder.Flush(Path); // the names are in the folder
    }

    private static ArchiveManifest Read(string file)
    {
        try
        {
            ArchiveManifest manifest = JsonSerializer.Deserialize<ArchiveManifest>(File.ReadAllBytes(file), ArchiveManifest.Json) ?? throw new JsonException("it is empty");
            return manifest.Format <= ArchiveManifest.CurrentFormat
                ? manifest
                : throw new SinkException($"{file} has format {manifest.Format}, this program knows {ArchiveManifest.CurrentFormat}: use the newer ecapture that wrote it");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SinkException($"{file} cannot be read: {e.Message}");
        }
    }
}
