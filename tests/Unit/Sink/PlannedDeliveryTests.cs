using ECapture.Events;
using ECapture.Log;
using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Sink;
using ECapture.Storage.Tables;
using ECapture.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

public sealed class PlannedDeliveryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly PartitionId Partition = new("log", Topics.Agent, 0);

    // The rarest history of the protocol, which random ones meet once in thousands: a sink sleeps before its insert, another takes the plan over, the
    // store is killed between the other's token and its rows, and the other dies. The sleeper's insert then succeeds without storing anything.
    [Fact]
    public async Task WriteAsync_PlanWasTakenOverAndItsRowsLost_RunsItAgain()
    {
        Random random = new(1);
        StepScheduler scheduler = new(random);
        SimulatedStore store = new(scheduler, random);
        SimulatedLog log = new(random);
        while (log.End < 20)
        {
            log.MaybeAppend();
        }

        GatedStore sleeper = new(store);
        PlannedDelivery first = new(sleeper, Guid.NewGuid(), NullLogger.Instance);
        PlannedDelivery second = new(store, Guid.NewGuid(), NullLogger.Instance);
        PartitionWork work = Work(store);
        work.Resume(await RunAsync(scheduler, first.LoadAsync(Partition, Cancel)), first: 0);
        Task<WriteOutcome> asleep = first.WriteAsync(Partition, Filled(work, log, 5), work.InFlight!, Cancel);
        Drive(scheduler, () => sleeper.IsWaiting);

        PartitionWork other = Work(store);
        other.Resume(await RunAsync(scheduler, second.LoadAsync(Partition, Cancel)), first: 0);
        store.KillsPerThousand = 1000;
        Task<WriteOutcome> killed = second.WriteAsync(Partition, Filled(other, log, 100), other.InFlight!, Cancel);
        await Assert.ThrowsAsync<StoreException>(() => RunAsync(scheduler, killed));
        store.KillsPerThousand = 0;
        Assert.Empty(store.Rows);

        sleeper.Open();
        Assert.Null((await RunAsync(scheduler, asleep)).Superseded); // it believes so
        work.Written();
        WriteOutcome next = await RunAsync(scheduler, first.WriteAsync(Partition, Filled(work, log, 5), work.InFlight!, Cancel));

        Assert.NotNull(next.Superseded);
        work.Resume(next.Superseded, first: 0);
        Assert.Null((await RunAsync(scheduler, first.WriteAsync(Partition, Filled(work, log, 100), work.InFlight!, Cancel))).Superseded);
        Assert.NotEmpty(store.Rows);
        Assert.Equal(store.Rows.Count, store.Rows.Distinct().Count());
    }

    [Fact]
    public void Close_BatchIsStillBeingWritten_IsRefused()
    {
        Random random = new(1);
        SimulatedStore store = new(new StepScheduler(random), random);
        SimulatedLog log = new(random);
        while (log.End < 20)
        {
            log.MaybeAppend();
        }

        PartitionWork work = Work(store);
        work.Resume(ResumePoint.Beginning, first: 0);
        Plan plan = Filled(work, log, 5);

        Assert.Throws<InvalidOperationException>(() => Filled(work, log, 5));
        work.Written();

        Assert.Equal(plan.To, work.Progress.From);
        Assert.True(work.Progress.HasRecords); // the second batch filled meanwhile
        Assert.Equal(plan.To, work.Close().From);
    }

    private static PartitionWork Work(SimulatedStore store) =>
        new(new TopicPartition(Topics.Agent, 0), () => store.CreateBatch(null!, BufferPool.None), TimeProvider.System, new SinkMetrics(() => null!, "events"));

    private static Plan Filled(PartitionWork work, SimulatedLog log, int records)
    {
        work.Sought();
        work.Take(log.Read(work.Progress.Next, records), new SinkOptions());
        work.Sought();
        return work.Close();
    }

    private static void Drive(StepScheduler scheduler, Func<bool> until)
    {
        for (int step = 0; !until(); step++)
        {
            Assert.True(step < 1000 && scheduler.Step(_ => true), "nothing goes on");
        }
    }

    private static Task<T> RunAsync<T>(StepScheduler scheduler, Task<T> call)
    {
        Drive(scheduler, () => call.IsCompleted);
        return call;
    }

    /// <summary>Its owner falls asleep before its first insert.</summary>
    private sealed class GatedStore(SimulatedStore store) : IPlanStore
    {
        private readonly TaskCompletionSource _gate = new();

        public bool IsWaiting { get; private set; }

        public void Open() => _gate.SetResult();

        public BlockBatch CreateBatch(ECapture.Storage.Tables.EventTable table, ECapture.Storage.Tables.BufferPool pool) => store.CreateBatch(table, pool);

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
