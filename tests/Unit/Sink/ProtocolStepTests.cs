using ECapture.Events;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>
/// Steps of the protocol whose absence random histories meet too seldom: each was left out in the code, and the simulation did not notice (docs/reliability.md,
/// "Mutations of the protocol").
/// </summary>
public sealed class ProtocolStepTests
{
    private static readonly PartitionId Partition = new("log", Topics.Agent, 0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadAsync_StoreLosesTheRowOfTheTakeover_AddsAnother()
    {
        History history = new(seed: 1);
        await history.WriteFirstPlanAsync();
        Guid name = Guid.NewGuid();
        PlannedDelivery second = new(history.Store, name, NullLogger.Instance);
        history.Store.KillsPerThousand = 1000;
        await Assert.ThrowsAsync<StoreException>(() => history.RunAsync(second.LoadAsync(Partition, Cancel)));
        history.Store.KillsPerThousand = 0;
        Assert.Single(history.Store.Plans);

        await history.RunAsync(second.LoadAsync(Partition, Cancel));

        // Without it the plan's first owner would never learn that somebody else ran its plan.
        Assert.Equal(name, history.Store.Plans[^1].Writer);
    }

    [Fact]
    public async Task LoadAsync_TwoAtTheSameTime_EachLeavesARow()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            History history = new(seed);
            await history.WriteFirstPlanAsync();
            Guid[] names = [Guid.NewGuid(), Guid.NewGuid()];

            Task<ResumePoint>[] loads = [.. names.Select(name => new PlannedDelivery(history.Store, name, NullLogger.Instance).LoadAsync(Partition, Cancel))];
            await history.RunAsync(Task.WhenAll(loads));

            Assert.All(names, name => Assert.Contains(history.Store.Plans, plan => plan.Writer == name));
        }
    }

    // Both read the same records, so their plans differ by their writers alone. The winner's rows get lost with the winner.
    [Fact]
    public async Task WriteAsync_AnotherSettledTheSameRange_IsSupersededAndRunsItAgain()
    {
        History history = new(seed: 1);
        GatedStore gated = new(history.Store);
        PlannedDelivery winner = new(gated, Guid.NewGuid(), NullLogger.Instance);
        PlannedDelivery loser = new(history.Store, Guid.NewGuid(), NullLogger.Instance);
        PartitionWork first = await history.TakeOverAsync(winner);
        PartitionWork second = await history.TakeOverAsync(loser);
        Task<WriteOutcome> killed = winner.WriteAsync(Partition, history.Fill(first, 5), first.InFlight!, Cancel);
        history.Drive(() => gated.IsWaiting);
        history.Store.KillsPerThousand = 1000;
        gated.Open();
        await Assert.ThrowsAsync<StoreException>(() => history.RunAsync(killed));
        history.Store.KillsPerThousand = 0;
        Assert.Empty(history.Store.Rows);

        WriteOutcome outcome = await history.RunAsync(loser.WriteAsync(Partition, history.Fill(second, 5), second.InFlight!, Cancel));

        Assert.NotNull(outcome.Superseded);
        second.Resume(outcome.Superseded, first: 0);
        Assert.Null((await history.RunAsync(loser.WriteAsync(Partition, history.Fill(second, 100), second.InFlight!, Cancel))).Superseded);
        Assert.NotEmpty(history.Store.Rows);
        Assert.Equal(history.Store.Rows.Count, history.Store.Rows.Distinct().Count());
    }

    // Else two sinks that both believe to own a partition would take over from each other for ever.
    [Fact]
    public async Task WriteAsync_PlanWhoseRowsWereCountedIsTakenOver_GoesOn()
    {
        History history = new(seed: 1);
        await history.WriteFirstPlanAsync();
        PlannedDelivery owner = new(history.Store, Guid.NewGuid(), NullLogger.Instance);
        PartitionWork work = await history.TakeOverAsync(owner);
        Assert.Null((await history.RunAsync(owner.WriteAsync(Partition, history.Fill(work, 100), work.InFlight!, Cancel))).Superseded);
        work.Written();
        await history.TakeOverAsync(new PlannedDelivery(history.Store, Guid.NewGuid(), NullLogger.Instance));

        WriteOutcome next = await history.RunAsync(owner.WriteAsync(Partition, history.Fill(work, 5), work.InFlight!, Cancel));

        Assert.Null(next.Superseded);
    }

    [Fact]
    public async Task WriteAsync_ReplayOfWhatIsStoredAndTokensAreForgotten_WritesNothing()
    {
        History history = new(seed: 1);
        await history.WriteFirstPlanAsync();
        SimulatedRow[] rows = [.. history.Store.Rows];
        history.Store.ForgetTokens();
        PlannedDelivery next = new(history.Store, Guid.NewGuid(), NullLogger.Instance);
        PartitionWork work = await history.TakeOverAsync(next);

        Assert.Null((await history.RunAsync(next.WriteAsync(Partition, history.Fill(work, 100), work.InFlight!, Cancel))).Superseded);

        Assert.Equal(rows, history.Store.Rows);
    }

    // Events that come again are known by their sequences; what is no event is known by its offset alone.
    [Fact]
    public void Take_RecordsThatWereDeliveredAgain_AreLeftOut()
    {
        PartitionProgress progress = new(TimeProvider.System);
        progress.Resume(ResumePoint.Beginning, first: 0);

        Assert.Equal(RecordVerdict.Take, progress.Place(0));
        Assert.Equal(RecordVerdict.Take, progress.Place(4));
        Assert.Equal(RecordVerdict.Stale, progress.Place(0));
        Assert.Equal(RecordVerdict.Stale, progress.Place(4));

        Assert.Equal(5, progress.Next);
        Assert.Equal(5, progress.Close().To);
    }

    [Fact]
    public async Task Take_RecordsBehindThoseThatWereRefused_AreLeftOut()
    {
        History history = new(seed: 1);
        PartitionWork work = await history.TakeOverAsync(new PlannedDelivery(history.Store, Guid.NewGuid(), NullLogger.Instance));
        work.Sought();
        work.Refuse();

        history.Deliver(work, from: 5);
        Assert.False(work.Progress.HasRecords);
        work.Sought();
        history.Deliver(work, from: 0);

        Assert.True(work.Progress.HasRecords);
    }

    // The last plan cannot be run again when the log dropped its range; the next one still begins with what is stored.
    [Fact]
    public void Close_RangeOfTheReplayIsGone_PlanHoldsThePositions()
    {
        StreamPosition[] positions = [new StreamPosition(new StreamKey(7, 0), 41, DateTimeOffset.UtcNow.ToUnixTimeSeconds())];
        PartitionProgress progress = new(TimeProvider.System);
        progress.Resume(new ResumePoint(0, 5, positions), first: 10);
        progress.Place(10);

        Plan plan = progress.Close();

        Assert.Equal((5, 11, false), (plan.From, plan.To, plan.IsReplay));
        Assert.Equal(positions, plan.Positions);
    }

    /// <summary>A store and a log of some twenty records, a step at a time.</summary>
    private sealed class History
    {
        private readonly StepScheduler _scheduler;
        private readonly SimulatedLog _log;

        public History(int seed)
        {
            Random random = new(seed);
            _scheduler = new StepScheduler(random);
            Store = new SimulatedStore(_scheduler, random);
            _log = new SimulatedLog(random);
            while (_log.End < 20)
            {
                _log.MaybeAppend();
            }
        }

        public SimulatedStore Store { get; }

        /// <summary>A sink writes a batch and is gone.</summary>
        public async Task WriteFirstPlanAsync()
        {
            PlannedDelivery sink = new(Store, Guid.NewGuid(), NullLogger.Instance);
            PartitionWork work = await TakeOverAsync(sink);
            Assert.Null((await RunAsync(sink.WriteAsync(Partition, Fill(work, 5), work.InFlight!, Cancel))).Superseded);
        }

        public async Task<PartitionWork> TakeOverAsync(PlannedDelivery sink)
        {
            PartitionWork work = new(new TopicPartition(Topics.Agent, 0), () => Store.CreateBatch(null!, BufferPool.None), TimeProvider.System, new SinkMetrics(() => null!, "events"));
            work.Resume(await RunAsync(sink.LoadAsync(Partition, Cancel)), first: 0);
            return work;
        }

        public Plan Fill(PartitionWork work, int records)
        {
            work.Sought();
            work.Take(_log.Read(work.Progress.Next, records), new SinkOptions());
            work.Sought();
            return work.Close();
        }

        public void Deliver(PartitionWork work, long from) => work.Take(_log.Read(from, 5), new SinkOptions());

        public void Drive(Func<bool> until)
        {
            for (int step = 0; !until(); step++)
            {
                Assert.True(step < 2000 && _scheduler.Step(_ => true), "nothing goes on");
            }
        }

        public Task<T> RunAsync<T>(Task<T> call)
        {
            Drive(() => call.IsCompleted);
            return call;
        }
    }

    /// <summary>Its owner falls asleep before its first block.</summary>
    private sealed class GatedStore(SimulatedStore store) : IPlanStore
    {
        private readonly TaskCompletionSource _gate = new();

        public bool IsWaiting { get; private set; }

        public void Open() => _gate.SetResult();

        public BlockBatch CreateBatch(EventTable table, BufferPool pool) => store.CreateBatch(table, pool);

        public Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken) => store.LastPlanAsync(partition, cancellationToken);

        public Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken) =>
            store.InsertPlanAsync(partition, row, expected, cancellationToken);

        public async Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken)
        {
            IsWaiting = true;
            await _gate.Task;
            await store.InsertBlockAsync(block, token, cancellationToken);
        }

        public Task<bool> IsSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken) =>
            store.IsSplitAsync(partition, from, block, cancellationToken);

        public Task MarkSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken) =>
            store.MarkSplitAsync(partition, from, block, cancellationToken);

        public Task<IReadOnlySet<long>> RefusedAsync(PartitionId partition, long from, long to, CancellationToken cancellationToken) =>
            store.RefusedAsync(partition, from, to, cancellationToken);

        public Task<long> CountAsync(Block block, CancellationToken cancellationToken) => store.CountAsync(block, cancellationToken);
    }
}
