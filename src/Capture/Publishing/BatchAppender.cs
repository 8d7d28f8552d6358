using System.Collections.Concurrent;
using System.Diagnostics;
using ECapture.Capture.Agent;
using ECapture.Log;
using ECapture.Log.Streams;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Appends batches to the local log in order, on a thread of its own. A batch that is refused for good gives its sequences back, and is counted as lost.
/// </summary>
internal sealed partial class BatchAppender : IAsyncDisposable
{
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(100);
    private readonly ILogWriter _log;
    private readonly LossAccount _losses;
    private readonly ILogger _logger;
    private readonly TimeSpan _retryLimit;
    private readonly CancellationTokenSource _stop = new();
    private readonly BlockingCollection<EventBatch> _queue = [];

    private readonly IReadOnlyDictionary<string, EventStream> _streams;
    private readonly Action<EventBatch> _release;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _queuedBytes;
    private bool _refusing;

    /// <summary>Starts.</summary>
    /// <param name="log">Where to.</param>
    /// <param name="streams">All streams of the run; not changed any more.</param>
    /// <param name="losses">Counts what is refused.</param>
    /// <param name="release">Takes a batch that is no longer used.</param>
    /// <param name="retryLimit">How long an append is tried again when the log says that it may help.</param>
    /// <param name="logger">Says what is refused.</param>
    internal BatchAppender(
        ILogWriter log, IReadOnlyDictionary<string, EventStream> streams, LossAccount losses, Action<EventBatch> release,
        TimeSpan retryLimit, ILogger logger)
    {
        _log = log;
        _streams = streams;
        _losses = losses;
        _release = release;
        _retryLimit = retryLimit;
        _logger = logger;
        new Thread(Run) { Name = "append", IsBackground = true }.Start();
    }

    /// <summary>Bytes that wait, the batch being appended included.</summary>
    internal long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Hands a batch over.</summary>
    internal void Enqueue(EventBatch batch)
    {
        CaptureMetrics.SetQueue(Interlocked.Add(ref _queuedBytes, batch.Length));
        _queue.Add(batch);
    }

    /// <summary>Gives up retries and what is still queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);
        _stop.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        try
        {
            _ = RaisedPriority.TryTake(out _); // the capture thread says what the kernel refuses
            foreach (EventBatch batch in _queue.GetConsumingEnumerable())
            {
                int length = batch.Length;
                TaskCompletionSource? done = batch.Done;
                if (batch.Count > 0)
                {
                    AppendAsync(batch).GetAwaiter().GetResult(); // the local log has done it when it returns
                }

                CaptureMetrics.SetQueue(Interlocked.Add(ref _queuedBytes, -length));
                _release(batch);
                done?.TrySetResult();
            }

            _ended.SetResult();
        }
        catch (Exception e) // handed to whoever disposes
        {
            _ended.SetException(e);
        }
    }

    private async Task AppendAsync(EventBatch batch)
    {
        using Activity? activity = CaptureMetrics.Activities.StartActivity("append");
        activity?.SetTag("ecapture.batch.size", batch.Count);
        long start = Stopwatch.GetTimestamp();
        try
        {
            IReadOnlyList<LogEntry> entries = batch.Number(_streams.Values);
            while (true)
            {
                try
                {
                    await _log.AppendAsync(entries, _stop.Token).ConfigureAwait(false);
                    break;
                }
                catch (LogException e) when (e.IsTransient && Stopwatch.GetElapsedTime(start) < _retryLimit)
                {
                    await Task.Delay(s_retryDelay, _stop.Token).ConfigureAwait(false);
                }
            }

            batch.Appended();
            Report(batch.Count, Stopwatch.GetElapsedTime(start));
            if (_refusing)
            {
                _refusing = false;
                LogGoesOn(_logger);
            }
        }
        catch (Exception e) // whatever it was, these events are lost: that is counted and declared
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            Refuse(batch, e);
        }
    }

    private void Refuse(EventBatch batch, Exception e)
    {
        string why = e is OperationCanceledException ? "the agent stopped" : e.Message;
        if (!_refusing)
        {
            _refusing = true;
            LogRefused(_logger, e is LogException or OperationCanceledException ? null : e, batch.Count, why);
        }

        foreach (LossEntry declared in batch.Declared)
        {
            _losses.Add(declared);
        }

        _losses.Count("log", why, (ulong)(batch.Count - batch.Declared.Count));
    }

    private void Report(int count, TimeSpan duration)
    {
        CaptureMetrics.BatchSize.Record(count);
        CaptureMetrics.AppendDuration.Record(duration.TotalSeconds);
        foreach (EventStream stream in _streams.Values)
        {
            (long events, long bytes) = stream.TakeReport();
            if (events > 0)
            {
                KeyValuePair<string, object?> topic = new("topic", stream.Target.Topic);
                CaptureMetrics.Events.Add(events, topic);
                CaptureMetrics.Bytes.Add(bytes, topic);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The local log refused {Count} events: {Why}. Capture goes on; what is refused is counted and declared once the log takes events again.")]
    private static partial void LogRefused(ILogger logger, Exception? exception, int count, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "The local log takes events again.")]
    private static partial void LogGoesOn(ILogger logger);
}
