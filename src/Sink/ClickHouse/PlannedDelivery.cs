using System.Collections.Concurrent;
using System.Globalization;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging;

namespace ECapture.Sink.ClickHouse;

/// <summary>
/// Exactly once in a store without transactions (docs/architecture.md, "Delivery", ClickHouse): a batch is settled by a plan before it is
/// written, the first plan for an offset wins, and the last plan is run again whenever a sink takes over a partition.
/// </summary>
public sealed partial class PlannedDelivery : IDelivery
{
    // An attempt costs a token; more than one is needed only after a store was killed between keeping a token and its row.
    private const int MaxAttempts = 8;

    private readonly IPlanStore _store;
    private readonly Guid _writer;
    private readonly ILogger _logger;

    // Batches one of whose inserts failed: what became of it is not known until it is looked at.
    private readonly ConcurrentDictionary<PartitionId, long> _unsure = new();

    /// <summary>Creates the protocol over a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="writer">Names this sink in the plans it makes; another one for every start.</param>
    /// <param name="logger">Says when something was repaired or taken over.</param>
    public PlannedDelivery(IPlanStore store, Guid writer, ILogger logger)
    {
        _store = store;
        _writer = writer;
        _logger = logger;
    }

    /// <inheritdoc/>
    public Batch CreateBatch(EventTable table) => _store.CreateBatch(table);

    /// <inheritdoc/>
    public async Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) =>
        await _store.LastPlanAsync(partition, cancellationToken).ConfigureAwait(false) is { } last ? Replay(last) : ResumePoint.Beginning;

    /// <inheritdoc/>
    public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.IsReplay)
        {
            PlanRow settled = await SettleAsync(partition, plan, cancellationToken).ConfigureAwait(false);
            if (settled.From != plan.From || settled.To != plan.To || settled.Writer != _writer)
            {
                LogSuperseded(partition, plan.From, settled.From, settled.To, settled.Writer);
                return new WriteOutcome(Replay(settled));
            }
        }

        bool isUnsure = plan.IsReplay || (_unsure.TryGetValue(partition, out long from) && from == plan.From);
        _unsure[partition] = plan.From;
        foreach (Block block in ((BlockBatch)batch).Blocks)
        {
            string token = string.Create(CultureInfo.InvariantCulture, $"{partition.Log}/{partition.Topic}/{partition.Partition}/{plan.From}/{block.Name}");
            await _store.InsertBlockAsync(block, token, cancellationToken).ConfigureAwait(false);
            if (isUnsure)
            {
                await RepairAsync(partition, plan, block, token, cancellationToken).ConfigureAwait(false);
            }
        }

        _unsure.TryRemove(partition, out _);
        return WriteOutcome.Stored;
    }

    // Who wins is read back, never assumed: an insert that was dropped as a duplicate succeeds, too.
    private async Task<PlanRow> SettleAsync(PartitionId partition, Plan plan, CancellationToken cancellationToken)
    {
        PlanRow row = new(plan.From, plan.To, _writer, plan.Positions);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            await _store.InsertPlanAsync(partition, row, attempt, cancellationToken).ConfigureAwait(false);
            PlanRow? last = await _store.LastPlanAsync(partition, cancellationToken).ConfigureAwait(false);
            if (last is not null && last.From >= plan.From)
            {
                return last;
            }

            // The token is known and its row is not there: the store was killed between the two. The next attempt has another token.
            LogLostPlan(partition, plan.From, attempt);
        }

        throw new StoreException(
            $"{partition}: the plan for offset {plan.From} was accepted {MaxAttempts} times and is not there; is somebody deleting from sink_plan?",
            isTransient: false);
    }

    // MergeTree keeps a token before it commits the part (MergeTreeSink): an engine that is killed between the two has the token and not
    // the rows, and would drop them for ever. Only an insert that is made again can meet that, so only then it is looked for.
    private async Task RepairAsync(PartitionId partition, Plan plan, Block block, string token, CancellationToken cancellationToken)
    {
        long stored = await _store.CountAsync(block, cancellationToken).ConfigureAwait(false);
        if (stored == 0)
        {
            LogRepair(partition, plan.From, block.Name, block.Rows);
            await _store.InsertBlockAsync(block, token + "/again", cancellationToken).ConfigureAwait(false);
        }
        else if (stored < block.Rows)
        {
            LogPartly(partition, plan.From, block.Name, stored, block.Rows);
        }
    }

    private static ResumePoint Replay(PlanRow plan) => new(plan.From, plan.To, plan.Positions);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: another sink is at work (offset {From} was settled as {SettledFrom}..{SettledTo} by {Writer}); its batch is run")]
    private partial void LogSuperseded(PartitionId partition, long from, long settledFrom, long settledTo, Guid writer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: the plan for offset {From}, attempt {Attempt}, was lost by the store; it is made again")]
    private partial void LogLostPlan(PartitionId partition, long from, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: block {Block} of the batch at offset {From} ({Rows} rows) is not in the store although its token is; it is written again")]
    private partial void LogRepair(PartitionId partition, long from, string block, int rows);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: {Stored} of {Rows} rows of block {Block} of the batch at offset {From} are in the store; the others were deleted there")]
    private partial void LogPartly(PartitionId partition, long from, string block, long stored, int rows);
}
