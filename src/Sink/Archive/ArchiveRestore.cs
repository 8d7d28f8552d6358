using System.Globalization;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Archive;

/// <summary>Brings the rows of an archive back into their table, those that are there already left out: it may be run again, also after it died.</summary>
internal sealed class ArchiveRestore(PartitionStore store, ArchiveFolder folder)
{
    private const int BlockRows = 50_000;
    private const int BlockBytes = 32 << 20;

    /// <returns>How many rows came back, and how many were there.</returns>
    /// <exception cref="SinkException">The archive is damaged, or of a table that this program does not know.</exception>
    public async Task<(long Restored, long Present)> RunAsync(IStoreLease lease, ArchiveManifest manifest, CancellationToken cancellationToken)
    {
        EventTable table = EventTable.Of(manifest.Table) ?? throw new SinkException($"the archive {manifest.Name} is of table {manifest.Table}, which this program does not know");
        PartitionSpan span = PartitionSpan.Parse(manifest.Partition) ?? throw new SinkException($"the archive {manifest.Name} is of partition {manifest.Partition}, which is no day and no hour");
        await folder.VerifyAsync(manifest, cancellationToken).ConfigureAwait(false); // nothing of a damaged archive comes into the store
        SequenceSet there = await store.SequencesAsync(table.Name, span, cancellationToken).ConfigureAwait(false);
        PartitionUnit unit = await store.RestoreUnitAsync(table.Name, span, cancellationToken).ConfigureAwait(false);
        string token = $"restore/{Guid.NewGuid():N}/";
        RestoreBlock block = store.NewBlock(table);
        PartitionSpan target = default;
        long bytes = 0;
        int blocks = 0;
        long restored = 0;
        long present = 0;
        await foreach (ArchivedEvent one in folder.ReadEventsAsync(manifest, cancellationToken).ConfigureAwait(false))
        {
            if (!TryPlace(one, unit, there, out PartitionSpan place))
            {
                present++;
                continue;
            }

            if (block.Rows > 0 && (place != target || block.Rows >= BlockRows || bytes >= BlockBytes))
            {
                await FlushAsync().ConfigureAwait(false);
            }

            target = place;
            Add(block, one);
            bytes += one.Event.Length;
            restored++;
        }

        await FlushAsync().ConfigureAwait(false);
        return (restored, present);

        async Task FlushAsync()
        {
            if (block.Rows > 0)
            {
                await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
                await store.InsertAsync(block, target, token + (blocks++).ToString(CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
                block.Clear();
                bytes = 0;
            }
        }
    }

    private static bool TryPlace(ArchivedEvent one, PartitionUnit unit, SequenceSet there, out PartitionSpan place)
    {
        EventReader.TryRead(one.Event.Span, out EventFields fields); // it was verified
        place = PartitionSpan.Of(fields.WallNs, unit);
        return !there.Contains(new Guid(fields.Run.Of(one.Event.Span), bigEndian: true), (int)fields.Partition, fields.Sequence);
    }

    private static void Add(RestoreBlock block, ArchivedEvent one)
    {
        ReadOnlySpan<byte> encoded = one.Event.Span;
        EventReader.TryRead(encoded, out EventFields fields);
        block.Add(new EventRow(encoded, ref fields, (int)one.LogPartition, (long)one.LogOffset));
    }
}
