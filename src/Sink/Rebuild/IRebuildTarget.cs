using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Rebuild;

/// <summary>A store whose partitions can be made anew.</summary>
internal interface IRebuildTarget
{
    /// <summary>The partitions that a table has.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyCollection<PartitionSpan>> PartitionsAsync(EventTable table, CancellationToken cancellationToken);

    /// <summary>Begins: no sink writes to the table until the end, and an empty table stands beside it.</summary>
    /// <exception cref="StoreException">The store failed, or a sink is in the middle of a batch and does not end it.</exception>
    Task<IPartitionRebuild> BeginAsync(EventTable table, PartitionSpan span, CancellationToken cancellationToken);
}

/// <summary>A partition that is made anew. Disposed of before <see cref="SwapAsync"/>, nothing has changed.</summary>
internal interface IPartitionRebuild : IAsyncDisposable
{
    /// <summary>Writes rows beside the table.</summary>
    /// <returns>How many.</returns>
    Task<long> FillAsync(IAsyncEnumerable<RebuildRow> rows, CancellationToken cancellationToken);

    /// <summary>Compares what was made with what is there.</summary>
    /// <returns>Rows of the old partition whose events are not in the new one; rows of the new one that are there twice.</returns>
    Task<(long Missing, long Twice)> CompareAsync(CancellationToken cancellationToken);

    /// <summary>Puts the new partition in the place of the old one, at once.</summary>
    Task SwapAsync(CancellationToken cancellationToken);
}
