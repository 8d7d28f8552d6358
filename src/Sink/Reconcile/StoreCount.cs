using System.Globalization;
using ECapture.Log;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Reconcile;

/// <summary>What a store holds of each line, seen at about one moment.</summary>
internal sealed class StoreCount
{
    /// <summary>The lines.</summary>
    public SortedDictionary<LineKey, ReconcileLine> Lines { get; } =
        new(Comparer<LineKey>.Create((a, b) => (a.Topic, a.Partition, a.Hour).CompareTo((b.Topic, b.Partition, b.Hour))));

    /// <summary>How far the accounts of each partition of each log go.</summary>
    public Dictionary<PartitionId, AccountSpan> Spans { get; private set; } = [];

    /// <summary>Offsets that belong to no batch, or to two.</summary>
    public List<string> Holes { get; } = [];

    /// <summary>The batches that the logs still hold whole.</summary>
    public Dictionary<PartitionId, KeptBatches> Kept { get; } = [];

    /// <summary>Counts.</summary>
    /// <param name="reads">The store.</param>
    /// <param name="firstKept">First offset that each partition of the logs keeps.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="topic">Only this topic; null: all.</param>
    public static async Task<StoreCount> RunAsync(
        ReconcileReads reads, IReadOnlyDictionary<PartitionId, long> firstKept, CancellationToken cancellationToken, string? topic = null)
    {
        StoreCount count = new() { Spans = await reads.SpansAsync(cancellationToken).ConfigureAwait(false) };
        foreach (PartitionId other in count.Spans.Keys.Where(partition => topic is not null && partition.Topic != topic).ToArray())
        {
            count.Spans.Remove(other);
        }

        await count.AddAccountsAsync(reads, firstKept, cancellationToken).ConfigureAwait(false);
        foreach (IGrouping<string, PartitionId> known in count.Spans.Keys.GroupBy(partition => partition.Topic))
        {
            if (EventTable.Of(known.Key) is { } table)
            {
                await foreach ((LineKey key, long rows) in reads.RowsAsync(table, count.Shared(known), cancellationToken).ConfigureAwait(false))
                {
                    count.Line(key).Rows += rows;
                }
            }
        }

        await count.AddLettersAsync(reads, cancellationToken).ConfigureAwait(false);
        return count;
    }

    /// <summary>The line of a key, made where there is none.</summary>
    public ReconcileLine Line(LineKey key)
    {
        if (!Lines.TryGetValue(key, out ReconcileLine? line))
        {
            Lines.Add(key, line = new ReconcileLine());
        }

        return line;
    }

    // Rows do not say which log they come from: the partitions of all logs with one number are counted together.
    private Dictionary<int, AccountSpan> Shared(IEnumerable<PartitionId> partitions) => partitions
        .GroupBy(partition => partition.Partition)
        .ToDictionary(group => group.Key, group => new AccountSpan(group.Min(p => Spans[p].From), group.Max(p => Spans[p].To)));

    private async Task AddAccountsAsync(ReconcileReads reads, IReadOnlyDictionary<PartitionId, long> firstKept, CancellationToken cancellationToken)
    {
        AccountRow last = default;
        await foreach (AccountRow row in reads.AccountsAsync(Spans, cancellationToken).ConfigureAwait(false))
        {
            if (row.Partition == last.Partition && row.From != last.From && row.From != last.To)
            {
                Holes.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Partition}: offsets {Math.Min(last.To, row.From)}..{Math.Max(last.To, row.From) - 1} are in {(row.From > last.To ? "no batch" : "two batches")}"));
            }

            last = row;
            ReconcileLine line = Line(new LineKey(row.Partition.Topic, row.Partition.Partition, row.Hour));
            line.Records += row.Records;
            line.Duplicates += row.Duplicates;
            line.Dropped += row.Gap;
            if (firstKept.TryGetValue(row.Partition, out long first) && row.From >= first)
            {
                if (!Kept.TryGetValue(row.Partition, out KeptBatches? kept))
                {
                    Kept.Add(row.Partition, kept = new KeptBatches(row.From));
                }

                kept.Records[row.Hour] = kept.Records.GetValueOrDefault(row.Hour) + row.Records;
            }
        }
    }

    private async Task AddLettersAsync(ReconcileReads reads, CancellationToken cancellationToken)
    {
        Dictionary<PartitionId, long> gone = [];
        await foreach ((PartitionId partition, long hour, long letters, long to) in reads.LettersGoneAsync(cancellationToken).ConfigureAwait(false))
        {
            gone[partition] = Math.Max(to, gone.GetValueOrDefault(partition));
            if (Spans.TryGetValue(partition, out AccountSpan span) && to > span.From && to <= span.To)
            {
                Line(new LineKey(partition.Topic, partition.Partition, hour)).Expired += letters;
            }
        }

        await foreach ((PartitionId partition, long offset, long hour) in reads.DeadLettersAsync(cancellationToken).ConfigureAwait(false))
        {
            if (IsAccounted(partition, offset) && offset >= gone.GetValueOrDefault(partition))
            {
                Line(new LineKey(partition.Topic, partition.Partition, hour)).DeadLetters++;
            }
        }

        await foreach ((PartitionId partition, long offset, long hour) in reads.RetriedAsync(cancellationToken).ConfigureAwait(false))
        {
            if (IsAccounted(partition, offset))
            {
                Line(new LineKey(partition.Topic, partition.Partition, hour)).Retried++;
            }
        }

        Dictionary<(string, int), long> first = Spans.GroupBy(s => (s.Key.Topic, s.Key.Partition)).ToDictionary(g => g.Key, g => g.Min(s => s.Value.From));
        await foreach ((LineKey key, long rows, long lastOffset) in reads.ExpiredAsync(cancellationToken).ConfigureAwait(false))
        {
            if (first.TryGetValue((key.Topic, key.Partition), out long from) && lastOffset >= from)
            {
                Line(key).Expired += rows;
            }
        }
    }

    private bool IsAccounted(PartitionId partition, long offset) =>
        Spans.TryGetValue(partition, out AccountSpan span) && offset >= span.From && offset < span.To;
}
