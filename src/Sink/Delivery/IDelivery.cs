using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Delivery;

/// <summary>A store as the sink sees it. Calls of different partitions may run at once.</summary>
public interface IDelivery
{
    /// <summary>A batch for a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="pool">Memory of its rows; the batch gives it back when it is cleared.</param>
    Batch CreateBatch(EventTable table, BufferPool pool);

    /// <summary>Where a partition goes on.</summary>
    /// <exception cref="StoreException">The store refused or cannot be reached.</exception>
    Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>Stores a batch exactly once, however often it is called with the same plan and rows.</summary>
    /// <exception cref="StoreException">Nothing is known of what was stored; the same call may be made again.</exception>
    Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken);
}
