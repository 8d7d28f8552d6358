using ECapture.Sink.Archive;
using ECapture.Sink.Holds;
using ECapture.Storage.Partitions;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink.Retention;

/// <summary>Drops one partition: under the lease, unless it is held, after it was archived where the rules say so, and after it was recorded.</summary>
internal sealed partial class PartitionDropper(
    PartitionStore store, string address, StoreChanges changes, RetentionRules rules, ArchiveFolder archives, TimeProvider clock, ILogger logger)
{
    /// <returns>False when another process is at it, or it is gone or held.</returns>
    public async Task<bool> DropAsync(PartitionVerdict verdict, string actor, CancellationToken cancellationToken)
    {
        StoredPartition partition = verdict.Facts.Partition;
        await using IStoreLease? lease = await changes.TryLeaseAsync(cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            return false; // another process is at it
        }

        // What was true before the lease was taken may not be now: another process dropped it, or somebody held it.
        if (!(await store.ListAsync(cancellationToken).ConfigureAwait(false)).Any(p => p.Table == partition.Table && p.Span == partition.Span))
        {
            return false;
        }

        HoldBook holds = await HoldBook.OpenAsync(store, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        if (await holds.HeldByAsync(partition, cancellationToken).ConfigureAwait(false) is { Count: > 0 } names)
        {
            LogHeld(partition, string.Join(", ", names));
            return false;
        }

        ArchiveManifest? archive = rules.Of(partition.Table).Archive
            ? await ArchiveAsync(partition, actor, cancellationToken).ConfigureAwait(false)
            : null;
        long rows = archive?.Rows ?? (await store.SharesAsync(partition.Table, partition.Span, cancellationToken).ConfigureAwait(false)).Sum(s => s.Rows);
        string detail = archive is null ? $"{verdict.Rule}: {verdict.Because}" : $"{verdict.Rule}: {verdict.Because}; archived as {archive.Name}";
        await changes.RecordAsync("retention.drop", partition.ToString(), actor, rows, partition.Bytes, detail, cancellationToken).ConfigureAwait(false);
        DropOrder order = new(partition.Table, partition.Span, archive?.Action ?? Guid.CreateVersion7(), verdict.Rule, archive?.Name ?? "", archive?.Streams);
        DropResult result = await store.DropAsync(lease, order, cancellationToken).ConfigureAwait(false);
        if (!result.IsDropped)
        {
            throw new SinkException($"{partition} got rows after it had been exported ({result.Rows} now, {rows} then): it is archived anew next time");
        }

        RetentionMetrics.DroppedRows.Add(result.Rows, new("table", partition.Table), new("rule", verdict.Rule));
        RetentionMetrics.DroppedBytes.Add(partition.Bytes, new("table", partition.Table), new("rule", verdict.Rule));
        LogDropped(partition, result.Rows, partition.Bytes, detail);
        return true;
    }

    // An archive that a process wrote which died before the drop is as good as a new one.
    private async Task<ArchiveManifest> ArchiveAsync(StoredPartition partition, string actor, CancellationToken cancellationToken)
    {
        HashSet<StreamShare> shares = [.. await store.SharesAsync(partition.Table, partition.Span, cancellationToken).ConfigureAwait(false)];
        foreach (ArchiveManifest old in archives.List())
        {
            if (old.Table == partition.Table && old.Partition == partition.Span.Name && old.Store == address && shares.SetEquals(old.Streams)
                && !await store.HasExpiredAsync(old.Action, cancellationToken).ConfigureAwait(false) && await IsWholeAsync(old, cancellationToken).ConfigureAwait(false))
            {
                return old;
            }
        }

        ArchiveManifest archive = await archives.WriteAsync(
            address, partition, Guid.CreateVersion7(), clock.GetUtcNow(), store.ExportAsync(partition.Table, partition.Span, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        await changes.RecordAsync("archive.export", archive.Name, actor, archive.Rows, archive.FileBytes, $"{partition}, SHA-256 {archive.FileSha256}", cancellationToken).ConfigureAwait(false);
        RetentionMetrics.ArchivedBytes.Add(archive.FileBytes, new KeyValuePair<string, object?>("table", partition.Table));
        return archive;
    }

    // Its events may have been moved or damaged since: what is dropped must be somewhere.
    private async Task<bool> IsWholeAsync(ArchiveManifest archive, CancellationToken cancellationToken)
    {
        try
        {
            await archives.VerifyAsync(archive, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SinkException e)
        {
            LogArchivedAnew(archive.Name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The archive {Archive} is not used, the partition is archived anew: {Reason}")]
    private partial void LogArchivedAnew(string archive, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Partition}: {Rows} rows, {Bytes} bytes; {Why}")]
    private partial void LogDropped(StoredPartition partition, long rows, long bytes, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition} is not dropped: it is held by {Holds}")]
    private partial void LogHeld(StoredPartition partition, string holds);
}
