using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Sink.Holds;
using ECapture.Sink.Reconcile;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Sink.Books;

/// <summary>
/// Keeps the books of a store bounded: dead letters leave by age, counted, unless a hold keeps them; the accounts of batches that were written a week ago are added up by day, so
/// that there are a few rows an hour of events instead of some for every batch. No sum of <c>ecapture reconcile</c> changes by that.
/// </summary>
internal sealed class BookKeeper
{
    /// <summary>How long each batch has an account of its own.</summary>
    public static readonly TimeSpan BatchesStay = TimeSpan.FromDays(7);

    private readonly ISqlStore _sql;
    private readonly BookReads _reads;
    private readonly IBooks _books;
    private readonly PartitionStore _partitions;
    private readonly StoreChanges _changes;
    private readonly RetentionRules _rules;
    private readonly TimeProvider _clock;

    public BookKeeper(Store store, PartitionStore partitions, StoreChanges changes, RetentionRules rules, TimeProvider clock)
    {
        _sql = SqlStore.Of(store);
        _reads = new BookReads(_sql);
        _books = store switch
        {
            ClickHouseStore clickHouse => new ClickHouseBooks(clickHouse),
            PostgresStore postgres => new PostgresBooks(postgres),
            _ => throw new ArgumentOutOfRangeException(nameof(store)),
        };
        (_partitions, _changes, _rules, _clock) = (partitions, changes, rules, clock);
    }

    /// <summary>Does what is due.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when another process is at the store.</returns>
    /// <exception cref="StoreException">The store failed; it may be run again.</exception>
    public async Task<bool> RunAsync(string actor, CancellationToken cancellationToken)
    {
        await using IStoreLease? lease = await _changes.TryLeaseAsync(cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            return false;
        }

        Dictionary<PartitionId, AccountSpan> spans = await new ReconcileReads(_sql).SpansAsync(cancellationToken).ConfigureAwait(false);
        await ExpireLettersAsync(lease, spans, actor, cancellationToken).ConfigureAwait(false);
        long day = (_clock.GetUtcNow() - BatchesStay - DateTimeOffset.UnixEpoch).Days;
        IReadOnlyList<AccountGroup> groups = await _reads.GroupsAsync(day, spans.ToDictionary(s => s.Key, s => s.Value.To), cancellationToken).ConfigureAwait(false);
        if (groups.Count > 0)
        {
            await _books.MergeAccountsAsync(lease, groups, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task ExpireLettersAsync(IStoreLease lease, Dictionary<PartitionId, AccountSpan> spans, string actor, CancellationToken cancellationToken)
    {
        HoldBook holds = await HoldBook.OpenAsync(_partitions, _clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<PartitionId, long> gone = await _reads.LettersGoneAsync(cancellationToken).ConfigureAwait(false);
        foreach (string topic in Topics.Logged)
        {
            if (_rules.LettersOf(topic) is not { } age)
            {
                continue;
            }

            long before = (_clock.GetUtcNow() - age - DateTimeOffset.UnixEpoch).Ticks * 100;
            foreach (LetterRange letters in await _reads.LettersAsync(topic, before, holds.Active, cancellationToken).ConfigureAwait(false))
            {
                long from = gone.GetValueOrDefault(letters.Partition);
                long to = letters.End(spans.GetValueOrDefault(letters.Partition).To);
                bool mayGo = to > Math.Max(from, letters.First);
                if (mayGo)
                {
                    await _changes.RecordAsync(
                        "retention.dead_letters", letters.Partition.ToString(), actor, null, 0, FormattableString.Invariant($"dead letters from offset {Math.Max(from, letters.First)} to {to - 1}"),
                        cancellationToken).ConfigureAwait(false);
                }

                // Some that were counted may still be there: who counted them died, or a sink ran its last batch again.
                if (mayGo || letters.First < from)
                {
                    await _books.ExpireLettersAsync(lease, letters.Partition, from, to, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
