using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>
/// What the delivery protocol needs of a store without transactions: inserts that happen once per token. ClickHouse implements it; the
/// simulation in the tests implements it in memory, with the same semantics.
/// </summary>
public interface IPlanStore
{
    /// <summary>A batch whose blocks <see cref="InsertBlockAsync"/> takes.</summary>
    BlockBatch CreateBatch(EventTable table, BufferPool pool);

    /// <summary>The row with the highest version of a partition, or null.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a row, unless there is one with a version above <paramref name="expected"/>, or (partition, from, turn) was used as a token
    /// before. The two are not one step: who won is read back.
    /// </summary>
    /// <exception cref="StoreException">It may be stored or not.</exception>
    Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken);

    /// <summary>Stores a block whole, unless its token was used before.</summary>
    /// <exception cref="StoreException">It may be stored or not.</exception>
    Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken);

    /// <summary>True when a block of a batch is written in parts.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<bool> IsSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken);

    /// <summary>Says that a block of a batch is written in parts from now on.</summary>
    /// <exception cref="StoreException">It may be said or not.</exception>
    Task MarkSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken);

    /// <summary>Offsets of a range whose rows were refused and are dead letters.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<IReadOnlySet<long>> RefusedAsync(PartitionId partition, long from, long to, CancellationToken cancellationToken);

    /// <summary>How many rows of a block are stored.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<long> CountAsync(Block block, CancellationToken cancellationToken);
}
