using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;

namespace ECapture.Tests.Unit.Sink;

/// <summary>A step of the delivery protocol that is left out or done wrong.</summary>
public enum Sabotage
{
    None,

    /// <summary>The store forgets the tokens of blocks.</summary>
    ForgottenTokens,

    /// <summary>Whoever adds a plan believes that it won.</summary>
    NoReadBack,

    /// <summary>The last plan is not run again when a partition is taken over.</summary>
    NoReplay,

    /// <summary>It is run again with another end.</summary>
    OtherRange,

    /// <summary>A takeover leaves no row.</summary>
    NoTakeoverRow,

    /// <summary>Blocks that are written again are not counted.</summary>
    NoCount,

    /// <summary>A plan does not hold the stream positions at its start.</summary>
    ForgottenPositions,

    /// <summary>Rows are written before their plan is settled.</summary>
    RowsBeforePlan,

    /// <summary>The next batch is settled and written before the one in flight is stored.</summary>
    TwoWritesAtOnce,

    /// <summary>It is not said that a block is written in parts.</summary>
    NoSplitMark,

    /// <summary>Parts of a block are not counted before they are written.</summary>
    NoPartCount,

    /// <summary>The batch that filled behind a superseded one is not thrown away.</summary>
    KeptBatch,
}

/// <summary>A store whose part of the protocol is broken.</summary>
internal sealed class SabotagedStore(SimulatedStore store, Random random, Sabotage sabotage) : IPlanStore
{
    private PlanRow? _mine;

    public BlockBatch CreateBatch(ECapture.Storage.Tables.EventTable table, ECapture.Storage.Tables.BufferPool pool) => store.CreateBatch(table, pool);

    public async Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        PlanRow? last = await store.LastPlanAsync(partition, cancellationToken);
        PlanRow? mine = _mine;
        _mine = null;
        return mine ?? last;
    }

    public async Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken)
    {
        bool isSkipped = sabotage == Sabotage.NoTakeoverRow && row.Turn > 0;
        if (isSkipped || sabotage == Sabotage.NoReadBack)
        {
            _mine = row;
        }

        if (!isSkipped)
        {
            await store.InsertPlanAsync(partition, row, expected, cancellationToken);
        }
    }

    public Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken) =>
        store.InsertBlockAsync(block, sabotage == Sabotage.ForgottenTokens ? $"{token}/{random.Next()}" : token, cancellationToken);

    public Task<bool> IsSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken) =>
        store.IsSplitAsync(partition, from, block, cancellationToken);

    public Task MarkSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken) =>
        sabotage == Sabotage.NoSplitMark ? Task.CompletedTask : store.MarkSplitAsync(partition, from, block, cancellationToken);

    public async Task<IReadOnlySet<long>> RefusedAsync(PartitionId partition, long from, long to, CancellationToken cancellationToken) =>
        sabotage == Sabotage.NoPartCount ? new HashSet<long>() : await store.RefusedAsync(partition, from, to, cancellationToken);

    public async Task<long> CountAsync(Block block, CancellationToken cancellationToken) =>
        sabotage == Sabotage.NoCount ? block.Rows : await store.CountAsync(block, cancellationToken);
}
