using ECapture.Storage.Tables;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Sink;

/// <summary>What SinkWorker does with one partition, a step at a time: it fills a batch while the one before is written.</summary>
internal sealed class SimulatedSink(SimulatedLog log, SimulatedStore store, StepScheduler scheduler, Random random, Sabotage sabotage)
{
    private static readonly TopicPartition Partition = new(Topics.Agent, 0);
    private static readonly PartitionId Id = new("log", Partition.Topic, Partition.Partition);
    private static readonly SinkOptions Options = new();

    private readonly PartitionWork _work = new(Partition, () => store.CreateBatch(null!, BufferPool.None), TimeProvider.System, new SinkMetrics(() => null!, "events"));
    private readonly PlannedDelivery _delivery = new(new SabotagedStore(store, random, sabotage), Guid.NewGuid(), NullLogger.Instance);

    public bool IsAwake { get; set; } = true;

    public long Stored => _work.Progress.Phase == PartitionPhase.Loading ? 0 : _work.Progress.From;

    public Exception? Fault { get; private set; }

    /// <summary>Batches that filled while another was being written.</summary>
    public int Overlapped { get; private set; }

    /// <summary>Batches that were thrown away with records in them, because the one before was another sink's.</summary>
    public int ThrownAway { get; private set; }

    public async Task RunAsync()
    {
        try
        {
            Queue<Task<WriteOutcome>> writing = [];
            Resume(await AgainAsync(() => _delivery.LoadAsync(Id, default)));
            while (true)
            {
                await scheduler.TurnAsync();
                if (writing.TryPeek(out Task<WriteOutcome>? first) && first.IsCompleted)
                {
                    Complete(await writing.Dequeue());
                }

                Fill(isWriting: writing.Count > 0);
                bool isFree = writing.Count == 0 || sabotage == Sabotage.TwoWritesAtOnce;
                bool isDue = _work.Progress.ReplayTo is null ? _work.Progress.HasRecords && random.Next(3) == 0 : _work.Progress.IsReplayComplete;
                if (isFree && isDue)
                {
                    writing.Enqueue(Write());
                }
            }
        }
        catch (Exception e)
        {
            Fault = e;
            throw;
        }
    }

    private void Fill(bool isWriting)
    {
        if (!_work.HasRoom(Options))
        {
            return;
        }

        long before = _work.Progress.Next;
        _work.Take(log.Read(before, random.Next(1, 12)), Options);
        _work.Sought(); // the next read begins at Next
        Overlapped += isWriting && before == _work.Progress.Start && _work.Progress.HasRecords ? 1 : 0;
    }

    private Task<WriteOutcome> Write()
    {
        if (_work.Progress.InFlight is not null)
        {
            _work.Written(); // sabotage: as if it were stored
        }

        Plan plan = _work.Close();
        if (sabotage == Sabotage.ForgottenPositions)
        {
            plan = plan with { Positions = [] };
        }

        // An insert that is under way keeps its blocks, whatever becomes of the batch.
        Batch batch = sabotage == Sabotage.TwoWritesAtOnce ? ((SimulatedBatch)_work.InFlight!).Copy() : _work.InFlight!;
        return AgainAsync(async () =>
        {
            if (sabotage == Sabotage.RowsBeforePlan)
            {
                foreach (Block block in ((BlockBatch)batch).Blocks)
                {
                    await store.InsertBlockAsync(block, $"log/{Partition.Topic}/0/{plan.From}/{block.Name}", default);
                }
            }

            return await _delivery.WriteAsync(Id, plan, batch, default);
        });
    }

    private void Complete(WriteOutcome outcome)
    {
        if (outcome.Superseded is not { } winner)
        {
            if (_work.Progress.InFlight is not null)
            {
                _work.Written();
            }

            return;
        }

        ThrownAway += _work.Progress.HasRecords ? 1 : 0;
        if (sabotage == Sabotage.KeptBatch && _work.Progress.HasRecords)
        {
            _work.Written(); // goes on with what it filled behind a batch that was never stored
            return;
        }

        Resume(winner);
    }

    private void Resume(ResumePoint point)
    {
        if (sabotage == Sabotage.NoReplay && point.ReplayTo is long to)
        {
            point = point with { Offset = to, ReplayTo = null };
        }
        else if (sabotage == Sabotage.OtherRange && point.ReplayTo is long end)
        {
            point = point with { ReplayTo = end + 3 };
        }

        _work.Resume(point, first: 0);
        _work.Sought();
    }

    private static async Task<T> AgainAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (StoreException e) when (e.IsTransient)
            {
                // Again, as the sink does.
            }
        }
    }
}
