using System.Diagnostics;
using ECapture.Log;
using ECapture.Sink.Delivery;

namespace ECapture.Sink;

/// <content>Where partitions of the log begin and end. A broker may take seconds to say it, and one partition's leader may be away alone: the loop goes on meanwhile.</content>
public sealed partial class SinkWorker
{
    // The store has said where the partition goes on; it does when the log has answered, too.
    private async ValueTask TryResumeAsync(PartitionWork work, ResumePoint point)
    {
        if (work.Asking is null && (work.AskedAt == 0 || Stopwatch.GetElapsedTime(work.AskedAt) >= _options.RetryDelay))
        {
            work.AskedAt = Stopwatch.GetTimestamp();
            work.Asking = AskAsync(work.Partition, work.Cancel.Token);
        }

        if (work.Asking is not { IsCompleted: true } answer)
        {
            return;
        }

        work.Asking = null;
        if (await answer.ConfigureAwait(false) is not var (first, next))
        {
            return;
        }

        long known = point.ReplayTo ?? point.Offset ?? first;
        if (known > next)
        {
            throw new SinkException(
                $"{work.Partition} of log {_consumer.LogId} ends at offset {next}, but the store has it up to {known}: the topic was made anew; remove its rows from sink_plan (ClickHouse) or sink_progress (PostgreSQL) to begin again");
        }

        if (point.Offset < first)
        {
            LogExpired(work.Partition, point.Offset.Value, first);
            _metrics.Expired(work.Partition.Topic, first - point.Offset.Value);
        }

        _failure = null; // the store has answered
        work.Resume(point, first);
        work.End = next;
        if (work.Progress.ReplayTo is { } replayTo)
        {
            LogReplays(work.Partition, work.Progress.From, replayTo);
        }
        else
        {
            LogResumed(work.Partition, work.Progress.From);
        }
    }

    private async ValueTask ReportAsync()
    {
        if (_ends is null && (_statusAt == 0 || Stopwatch.GetElapsedTime(_statusAt) >= StatusInterval))
        {
            _askedAt = _clock.GetUtcNow();
            _asked = [.. _works.Values.Where(work => work.Progress.Phase != PartitionPhase.Loading)];
            _ends = AskAllAsync(_asked, _ending.Token);
        }

        if (_ends is not { IsCompleted: true } answer)
        {
            return;
        }

        _ends = null;
        if (await answer.ConfigureAwait(false) is { } ends)
        {
            for (int i = 0; i < ends.Length; i++)
            {
                _asked[i].End = ends[i];
            }
        }

        PartitionWork[] loaded = [.. _works.Values.Where(work => work.Progress.Phase != PartitionPhase.Loading)];
        // What was assigned meanwhile was not asked for: its end may be older than this says.
        Status = new SinkStatus(
            _askedAt,
            [.. loaded.Select(work => new PartitionStatus(work.Partition, work.Progress.From, work.End))],
            _works.Count - loaded.Length + loaded.Except(_asked).Count(),
            _failure ?? _logFailure,
            BufferedBytes());
        _statusAt = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_trimmedAt) >= TrimInterval)
        {
            _trimmedAt = _statusAt;
            _pool.Trim();
        }
    }

    // Asked in turn: a log that answers at once is asked by the loop alone, as it must be; another takes a question beside its other calls.
    private async Task<long[]?> AskAllAsync(PartitionWork[] works, CancellationToken cancellationToken)
    {
        long[] ends = new long[works.Length];
        for (int i = 0; i < works.Length; i++)
        {
            if (await AskAsync(works[i].Partition, cancellationToken).ConfigureAwait(false) is not var (_, next))
            {
                return null;
            }

            ends[i] = next;
        }

        return ends;
    }

    // Null: not now.
    private async Task<(long First, long Next)?> AskAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        try
        {
            (long First, long Next) bounds = await _consumer.GetBoundsAsync(partition, cancellationToken).ConfigureAwait(false);
            _logFailure = null;
            return bounds;
        }
        catch (LogException e) when (e.IsTransient)
        {
            if (_logFailure != e.Message)
            {
                LogRetry(1, _options.RetryDelay.TotalSeconds, e.Message); // once: it is asked again and again
            }

            _logFailure = e.Message;
            _metrics.Retried();
            return null;
        }
    }
}
