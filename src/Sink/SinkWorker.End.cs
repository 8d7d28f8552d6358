using ECapture.Log;
using ECapture.Sink.Delivery;

namespace ECapture.Sink;

/// <content>How it ends.</content>
public sealed partial class SinkWorker
{
    // Told to end: what was read is written, as far as the grace goes. The rest is read again by the next sink.
    private async Task FinishAsync()
    {
        using CancellationTokenSource grace = new(_options.ShutdownGrace);
        List<PartitionWork> writing = [.. _works.Values.Where(work => work.Point is null && work.Progress.Phase == PartitionPhase.Filling)];
        while (writing.Count > 0)
        {
            foreach (PartitionWork work in writing)
            {
                if (work.Pending is null && work.Progress.HasRecords && (work.Progress.ReplayTo is null || work.Progress.IsReplayComplete))
                {
                    StartWrite(work);
                }
            }

            List<PartitionWork> again = []; // those that had filled another batch while one was being written
            foreach (PartitionWork work in writing.Where(work => work.Pending is not null))
            {
                if (await HasWrittenAsync(work, grace.Token).ConfigureAwait(false))
                {
                    again.Add(work);
                }
            }

            writing = again;
        }
    }

    private async Task<bool> HasWrittenAsync(PartitionWork work, CancellationToken grace)
    {
        using CancellationTokenRegistration registration = grace.Register(work.Cancel.Cancel);
        try
        {
            bool isStored = await work.Pending!.ConfigureAwait(false) is null;
            work.Pending = null;
            if (isStored)
            {
                work.Written();
                _consumer.Commit(work.Partition, work.Progress.From);
            }

            return isStored;
        }
        catch (OperationCanceledException) when (grace.IsCancellationRequested)
        {
            LogLeft(work.Partition, work.Progress.From);
            return false;
        }
    }

    private async Task AbandonAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        if (_ends is not null)
        {
            await ((Task)_ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (TopicPartition partition in _works.Keys.ToArray())
        {
            await RevokeAsync(partition).ConfigureAwait(false);
        }
    }
}
