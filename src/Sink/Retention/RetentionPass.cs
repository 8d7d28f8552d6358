using ECapture.Log;
using ECapture.Storage;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Retention;

/// <summary>One application of the rules: what went, what could not go, and what stays because of that.</summary>
internal sealed class RetentionPass(PartitionDropper dropper, string actor)
{
    private readonly HashSet<StoredPartition> _staying = [];

    /// <summary>What went, in this order.</summary>
    public List<PartitionVerdict> Dropped { get; } = [];

    /// <summary>What could not be dropped.</summary>
    public HashSet<(string Table, PartitionSpan Span)> Stuck { get; } = [];

    /// <summary>Why it could not.</summary>
    public List<string> Failed { get; } = [];

    /// <summary>Bytes of what went. The engine may give them back later.</summary>
    public long FreedBytes => Dropped.Sum(verdict => verdict.Facts.Partition.Bytes);

    /// <summary>Drops what is wanted. Secrets go last: where payload could not be dropped after all, what opens it stays, too.</summary>
    /// <returns>False when one of them is stuck.</returns>
    public async Task<bool> DropAsync(IEnumerable<PartitionVerdict> wanted, CancellationToken cancellationToken)
    {
        int before = Stuck.Count;
        foreach (PartitionVerdict verdict in wanted.OrderBy(v => v.Facts.Partition.Table == Events.Topics.Secret))
        {
            StoredPartition partition = verdict.Facts.Partition;
            if (RetentionPlanner.OpenedBy(partition, _staying) is not null)
            {
                continue;
            }

            _staying.Add(partition);
            try
            {
                if (await dropper.DropAsync(verdict, actor, cancellationToken).ConfigureAwait(false))
                {
                    _staying.Remove(partition);
                    Dropped.Add(verdict);
                }
            }
            catch (Exception e) when (e is StoreException or SinkException or LogException or IOException or UnauthorizedAccessException)
            {
                RetentionMetrics.Failures.Add(1);
                Failed.Add(e.Message);
                Stuck.Add((partition.Table, partition.Span));
            }
        }

        return Stuck.Count == before;
    }
}
