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
    // One is enough unless the store is killed in just that moment, or others take over again and again.
    private const int MaxAttempts = 100;

    private readonly IPlanStore _store;
    private readonly Guid _writer;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<PartitionId, Standing> _standings = new();

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
    public Batch CreateBatch(EventTable table, BufferPool pool) => _store.CreateBatch(table, pool);

    /// <summary>
    /// Takes the partition over: the last plan gets a row of this sink, so that the sink that settled it finds out before it settles
    /// another one, and then it is run again.
    /// </summary>
    /// <inheritdoc/>
    public async Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        PlanRow? last = await _store.LastPlanAsync(partition, cancellationToken).ConfigureAwait(false);
        int lost = 0;
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (last is null)
            {
                _standings[partition] = new Standing(Version: -1, IsVerified: true);
                return ResumePoint.Beginning;
            }

            PlanRow mine = last with { Turn = last.Turn + 1 + lost, Writer = _writer };
            await _store.InsertPlanAsync(partition, mine, last.Version, cancellationToken).ConfigureAwait(false);
            PlanRow? found = await _store.LastPlanAsync(partition, cancellationToken).ConfigureAwait(false);
            if (found is not null && found.Version == mine.Version && found.Writer == _writer)
            {
                _standings[partition] = new Standing(mine.Version, IsVerified: false);
                return new ResumePoint(mine.From, mine.To, mine.Positions);
            }

            lost = found?.Version == last.Version ? lost + 1 : 0;
            last = found;
        }

        throw Contended(partition);
    }

    /// <inheritdoc/>
    public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(batch);
        batch.Settle(partition, plan);
        if (!plan.IsReplay && !await TrySettleAsync(partition, plan, cancellationToken).ConfigureAwait(false))
        {
            return new WriteOutcome(await LoadAsync(partition, cancellationToken).ConfigureAwait(false));
        }

        Standing standing = _standings[partition];
        bool isVerifying = plan.IsReplay || standing.IsUnsure;
        _standings[partition] = standing with { IsUnsure = true, IsVerified = false };
        foreach (Block block in ((BlockBatch)batch).Blocks)
        {
            string token = string.Create(CultureInfo.InvariantCulture, $"{partition.Log}/{partition.Topic}/{partition.Partition}/{plan.From}/{block.Name}");
            if (isVerifying && block.CanSplit && await _store.IsSplitAsync(partition, plan.From, block.Name, cancellationToken).ConfigureAwait(false))
            {
                await WriteInPartsAsync(partition, plan, block, token, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (plan.IsReplay && await IsStoredAsync(partition, plan, block, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            try
            {
                await _store.InsertBlockAsync(block, token, cancellationToken).ConfigureAwait(false);
            }
            catch (StoreException e) when (e.IsRowFault && block.CanSplit)
            {
                // Said first: whoever runs this batch again must not write the block whole, also when the store would take it by then.
                await _store.MarkSplitAsync(partition, plan.From, block.Name, cancellationToken).ConfigureAwait(false);
                await WriteInPartsAsync(partition, plan, block, token, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (isVerifying)
            {
                await RepairAsync(partition, plan, block, token, cancellationToken).ConfigureAwait(false);
            }
        }

        _standings[partition] = standing with { IsUnsure = false, IsVerified = isVerifying };
        return WriteOutcome.Stored;
    }

    private async Task WriteInPartsAsync(PartitionId partition, Plan plan, Block block, string token, CancellationToken cancellationToken)
    {
        int refused = await new PartWriter(_store, partition, plan).WriteAsync(block, token, cancellationToken).ConfigureAwait(false);
        if (refused > 0)
        {
            LogRefused(partition, plan.From, block.Name, refused);
        }
    }

    // Who wins is read back, never assumed: an insert that was dropped as a duplicate succeeds, too.
    private async Task<bool> TrySettleAsync(PartitionId partition, Plan plan, CancellationToken cancellationToken)
    {
        Standing standing = _standings[partition];
        int lost = 0;
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            PlanRow row = new(plan.From, plan.To, lost, _writer, plan.Positions);
            await _store.InsertPlanAsync(partition, row, standing.Version, cancellationToken).ConfigureAwait(false);
            PlanRow? last = await _store.LastPlanAsync(partition, cancellationToken).ConfigureAwait(false);
            if (last is not null && last.From == plan.From && last.To == plan.To && last.Writer == _writer)
            {
                // Found already, or made by an earlier call that failed later: then its blocks may be there, too.
                _standings[partition] = standing with { Version = last.Version };
                return true;
            }

            if ((last?.Version ?? -1) == standing.Version)
            {
                LogLostPlan(partition, plan.From, lost); // the store was killed between keeping the token and the row
                lost++;
            }
            else if (last is not null && standing.IsVerified && standing.IsOf(last.From))
            {
                // Another sink runs the plan before this one again. That changes nothing: its rows were counted.
                standing = standing with { Version = last.Version };
            }
            else
            {
                LogSuperseded(partition, plan.From, last?.From, last?.To, last?.Writer);
                return false;
            }
        }

        throw Contended(partition);
    }

    // A table that was made anew with other partitions has forgotten the tokens, and the blocks of its plans are others: rows tell more.
    // A block is there whole or not at all, so one row of it says that it is.
    private async Task<bool> IsStoredAsync(PartitionId partition, Plan plan, Block block, CancellationToken cancellationToken)
    {
        long stored = await _store.CountAsync(block, cancellationToken).ConfigureAwait(false);
        if (stored > 0 && stored < block.Rows)
        {
            LogPartly(partition, plan.From, block.Name, stored, block.Rows);
        }

        return stored > 0;
    }

    // MergeTree keeps a token before it commits the part (MergeTreeSink): an engine that is killed between the two has the token and not
    // the rows, and would drop them for ever. Only an insert that is made again can meet that, so only then it is looked for.
    private async Task RepairAsync(PartitionId partition, Plan plan, Block block, string token, CancellationToken cancellationToken)
    {
        for (int again = 1; ; again++)
        {
            long stored = await _store.CountAsync(block, cancellationToken).ConfigureAwait(false);
            if (stored > 0 || again == MaxAttempts)
            {
                if (stored < block.Rows)
                {
                    LogPartly(partition, plan.From, block.Name, stored, block.Rows);
                }

                return;
            }

            LogRepair(partition, plan.From, block.Name, block.Rows);
            await _store.InsertBlockAsync(block, $"{token}/{again}", cancellationToken).ConfigureAwait(false);
        }
    }

    private static StoreException Contended(PartitionId partition) => new(
        $"{partition}: other sinks took it over {MaxAttempts} times in a row, or somebody deletes from sink_plan; how many sinks read this log?", isTransient: true);

    /// <param name="Version">The last row of the partition that this sink knows of.</param>
    /// <param name="IsVerified">True when the rows of its plan were counted in the store.</param>
    /// <param name="IsUnsure">True when an insert of the batch at hand failed: what became of it is not known.</param>
    private sealed record Standing(long Version, bool IsVerified, bool IsUnsure = false)
    {
        public bool IsOf(long from) => Version >= 0 && Version / PlanRow.TurnsPerPlan == from;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: another sink is at work (offset {From} is not this one's: {SettledFrom}..{SettledTo} by {Writer}); its batch is run")]
    private partial void LogSuperseded(PartitionId partition, long from, long? settledFrom, long? settledTo, Guid? writer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: the plan for offset {From}, attempt {Attempt}, was lost by the store; it is made again")]
    private partial void LogLostPlan(PartitionId partition, long from, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: block {Block} of the batch at offset {From} ({Rows} rows) is not in the store although its token is; it is written again")]
    private partial void LogRepair(PartitionId partition, long from, string block, int rows);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Partition}: the store refused {Refused} rows of block {Block} of the batch at offset {From}; they are dead letters, see `ecapture dlq list`")]
    private partial void LogRefused(PartitionId partition, long from, string block, int refused);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Partition}: {Stored} of {Rows} rows of block {Block} of the batch at offset {From} are in the store; the others were deleted there")]
    private partial void LogPartly(PartitionId partition, long from, string block, long stored, int rows);
}
