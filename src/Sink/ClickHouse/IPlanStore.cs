using ECapture.Sink.Delivery;
using ECapture.Storage;

namespace ECapture.Sink.ClickHouse;

/// <summary>
/// What the delivery protocol needs of a store without transactions: inserts that happen once per token. ClickHouse implements it; the
/// simulation in the tests implements it in memory, with the same semantics.
/// </summary>
public interface IPlanStore
{
    /// <summary>A batch whose blocks <see cref="InsertBlockAsync"/> takes.</summary>
    BlockBatch CreateBatch(Storage.Tables.EventTable table);

    /// <summary>The plan with the highest <c>From</c> of a partition (of several for one offset the one of the lowest attempt), or null.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a plan, unless there is one for its offset or a later one, or (partition, from, attempt) was used as a token before.
    /// </summary>
    /// <exception cref="StoreException">It may be stored or not.</exception>
    Task InsertPlanAsync(PartitionId partition, PlanRow plan, int attempt, CancellationToken cancellationToken);

    /// <summary>Stores a block whole, unless its token was used before.</summary>
    /// <exception cref="StoreException">It may be stored or not.</exception>
    Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken);

    /// <summary>How many rows of a block are stored.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<long> CountAsync(Block block, CancellationToken cancellationToken);
}
