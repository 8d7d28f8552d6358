using System.Diagnostics;
using ECapture.Sink.Delivery;

namespace ECapture.Sink;

/// <content>When a batch is written, and when a partition is not read.</content>
public sealed partial class SinkWorker
{
    private void CloseDue()
    {
        foreach (PartitionWork work in _works.Values)
        {
            if (work.MayWrite && work.IsDue(_options))
            {
                StartWrite(work);
            }
        }
    }

    // A batch that is full waits for the one before. Above the memory limit nothing more is read, unless what is held cannot be written because it must be
    // run again whole: then one partition goes on.
    private void SetPauses()
    {
        bool isWriting = false;
        bool isAnyInFlight = false;
        PartitionWork? largest = null;
        PartitionWork? replay = null;
        foreach (PartitionWork work in _works.Values)
        {
            isWriting |= work.Pending is not null;
            isAnyInFlight |= work.InFlight is not null;
            if (work.Progress.ReplayTo is not null)
            {
                replay = work.Batch.Bytes > (replay?.Batch.Bytes ?? -1) ? work : replay;
            }
            else if (work.MayWrite && work.Progress.HasRecords && work.Batch.Bytes >= (largest?.Batch.Bytes ?? 0))
            {
                largest = work;
            }
        }

        bool isOver = BufferedBytes() > _options.MaxBufferedBytes;
        if (isOver && !isWriting && largest is not null)
        {
            StartWrite(largest);
        }

        foreach (PartitionWork work in _works.Values)
        {
            bool isPaused = !work.HasRoom(_options) || (isOver && (work != replay || isAnyInFlight));
            if (!isPaused && work.MustSeek)
            {
                _consumer.Seek(work.Partition, work.Progress.Next);
                work.Sought();
            }

            if (isPaused && !work.IsPaused)
            {
                _consumer.Pause(work.Partition);
            }
            else if (!isPaused && work.IsPaused)
            {
                _consumer.Resume(work.Partition);
            }

            work.IsPaused = isPaused;
        }
    }

    // What batches hold beside the pool, dead letters on their way to PostgreSQL, is in their own count.
    private long BufferedBytes()
    {
        long bytes = 0;
        foreach (PartitionWork work in _works.Values)
        {
            bytes += work.Bytes;
        }

        return Math.Max(bytes, _pool.RentedBytes);
    }

    private void StartWrite(PartitionWork work)
    {
        ulong oldestNs = work.OldestNs;
        Plan plan = work.Close();
        Batch batch = work.InFlight!;
        work.Pending = Task.Run(() => WriteAsync(work, plan, batch, oldestNs));
    }

    private async Task<ResumePoint?> WriteAsync(PartitionWork work, Plan plan, Batch batch, ulong oldestNs)
    {
        CancellationToken cancellationToken = work.Cancel.Token;
        PartitionId id = Id(work.Partition);
        await _writes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using Activity? activity = SinkMetrics.Activities.StartActivity("sink.write");
            activity?.SetTag("topic", id.Topic).SetTag("partition", id.Partition).SetTag("from", plan.From).SetTag("to", plan.To)
                .SetTag("replay", plan.IsReplay).SetTag("rows", batch.Rows).SetTag("bytes", batch.Bytes).SetTag("dead_letters", batch.Letters.Count);
            long start = Stopwatch.GetTimestamp();
            WriteOutcome outcome = await _retry.ExecuteAsync(
                async token => await _delivery.WriteAsync(id, plan, batch, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            _failure = null;
            if (outcome.Superseded is null)
            {
                double latencyNs = ((_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds * 1e6) - oldestNs;
                _metrics.Written(id.Topic, batch.Rows, plan.IsReplay, Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(Math.Max(0, latencyNs / 1e6)));
                LogWritten(work.Partition, plan.From, plan.To, batch.Rows, batch.Letters.Count);
            }
            else
            {
                _metrics.Superseded(id.Topic);
            }

            return outcome.Superseded;
        }
        finally
        {
            _writes.Release();
        }
    }
}
