using ECapture.Sink.Delivery;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Books;

/// <summary>What is done to the books of a store. All of it may be done again when it was interrupted.</summary>
internal interface IBooks
{
    /// <summary>Counts the dead letters of a range into <c>dead_letter_expired</c>, then takes away all that were counted, now or before.</summary>
    /// <param name="lease">The right to do so.</param>
    /// <param name="partition">Whose letters.</param>
    /// <param name="from">Where the letters begin that were not counted before.</param>
    /// <param name="to">Offset behind the last that goes; not above <paramref name="from"/>: only what was counted before and is still there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    Task ExpireLettersAsync(IStoreLease lease, PartitionId partition, long from, long to, CancellationToken cancellationToken);

    /// <summary>Makes one account of the accounts of several batches.</summary>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    Task MergeAccountsAsync(IStoreLease lease, IReadOnlyList<AccountGroup> groups, CancellationToken cancellationToken);
}
