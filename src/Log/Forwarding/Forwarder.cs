using System.Diagnostics;
using Confluent.Kafka;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using Microsoft.Extensions.Logging;

namespace ECapture.Log.Forwarding;

/// <summary>
/// Sends the local log to Kafka: every stream in order to one partition, and commits locally what was acknowledged with everything before it.
/// While Kafka is away the local log holds. After a crash or a failure the unacknowledged part is sent again: duplicates are possible in
/// Kafka, gaps and changed orders are not.
/// </summary>
public sealed partial class Forwarder
{
    /// <summary>The consumer group of the forwarder in the local log.</summary>
    public const string Group = "forwarder";

    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AwayAfter = TimeSpan.FromSeconds(3);

    private readonly string _directory;
    private readonly LogAddress _target;
    private readonly ForwarderOptions _options;
    private readonly ILogger _logger;
    private readonly Dictionary<TopicPartition, InFlight> _partitions = [];
    private readonly Dictionary<string, int> _routes = [];
    private long _spooled;
    private volatile string? _trouble;
    private long _lastProgress;
    private long _lastCommit;
    private long _lastReport;
    private long _idleAt; // ticks of DateTimeOffset.UtcNow

    /// <summary>Makes a forwarder; <see cref="RunAsync"/> does the work.</summary>
    /// <param name="directory">The local log; it exists.</param>
    /// <param name="target">A Kafka address.</param>
    /// <param name="options">Host, topics, waits.</param>
    /// <param name="logger">Where it reports.</param>
    public Forwarder(string directory, LogAddress target, ForwarderOptions options, ILogger<Forwarder> logger)
    {
        if (target.Kind != LogKind.Kafka)
        {
            throw new ArgumentException($"{target} is not a Kafka address", nameof(target));
        }

        _directory = directory;
        _target = target;
        _options = options;
        _logger = logger;
    }

    /// <summary>Records in the local log that Kafka has not acknowledged, as of the last second.</summary>
    public long Spooled => Interlocked.Read(ref _spooled);

    /// <summary>When the local log held nothing more and Kafka had acknowledged everything, last; <see cref="DateTimeOffset.MinValue"/>: never yet.</summary>
    public DateTimeOffset IdleAt => new(Interlocked.Read(ref _idleAt), TimeSpan.Zero);

    /// <summary>Why nothing goes through, or null while it does.</summary>
    public string? Trouble => _trouble;

    /// <summary>Forwards until cancelled; then waits a little for acknowledgements and leaves the rest in the local log.</summary>
    /// <exception cref="LogException">The local log failed, librdkafka is missing, or it refuses an option of the address. Kafka's own failures are retried without end.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using LocalLogConsumer source = LocalLog.OpenConsumer(_directory, Group, _options.Topics);
        LogStarted(_directory, _target.Text, _options.Host);
        TimeSpan backoff = _options.FirstBackoff;
        _lastProgress = Stopwatch.GetTimestamp();
        while (true)
        {
            LogException? failure;
            long before = _lastProgress;
            await using (KafkaLogWriter writer = KafkaLog.OpenWriter(_target))
            {
                failure = await SendAsync(source, writer, cancellationToken);
            }

            if (failure is null)
            {
                LogStopped(Spooled);
                return;
            }

            LogMetrics.ForwardRetries.Add(1);
            backoff = _lastProgress != before ? _options.FirstBackoff : backoff * 2 < _options.LongestBackoff ? backoff * 2 : _options.LongestBackoff;
            Report(source);
            ReportFailure(failure, backoff);
            StartOver(source);
            try
            {
                await Task.Delay(backoff, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                LogStopped(Spooled);
                return;
            }
        }
    }

    // One producer's life. Null: stopped. Else why Kafka did not take what it was given; failures of the local log are thrown.
    private async Task<LogException?> SendAsync(LocalLogConsumer source, KafkaLogWriter writer, CancellationToken cancellationToken)
    {
        _routes.Clear();
        try
        {
            while (true)
            {
                if (Settle(source, writer) is { } failure)
                {
                    return failure;
                }

                bool busy = _partitions.Values.Any(p => !p.IsEmpty);
                long asked = DateTimeOffset.UtcNow.Ticks;
                Delivery delivery = await ReceiveAsync(source, busy ? BusyWait : IdleWait, cancellationToken);
                switch (delivery.Kind)
                {
                    case DeliveryKind.None when !busy && _partitions.Count > 0 && _trouble is null:
                        Interlocked.Exchange(ref _idleAt, asked);
                        break;
                    case DeliveryKind.Assigned:
                        _partitions[delivery.Partition] = new InFlight();
                        source.Seek(delivery.Partition, -1);
                        Report(source);
                        break;
                    case DeliveryKind.Revoked:
                        _partitions.Remove(delivery.Partition);
                        break;
                    case DeliveryKind.Records:
                        if (await HandOverAsync(source, writer, delivery, cancellationToken) is { } refused)
                        {
                            return refused;
                        }

                        break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await FinishAsync(source, writer);
            return null;
        }
    }

    // A local log whose disk is full, or that another process holds for long, is no reason to end capture: it is read on when it can be.
    private async ValueTask<Delivery> ReceiveAsync(LocalLogConsumer source, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReceiveAsync(wait, cancellationToken);
        }
        catch (LogException e) when (e.IsTransient)
        {
            if (_trouble is null)
            {
                LogLocalAway(e.Message);
            }

            _trouble = e.Message;
            await Task.Delay(_options.FirstBackoff, cancellationToken);
            return new Delivery(DeliveryKind.None, default, default);
        }
    }

    private async Task<LogException?> HandOverAsync(LocalLogConsumer source, KafkaLogWriter writer, Delivery delivery, CancellationToken cancellationToken)
    {
        for (ReadOnlyMemory<LogRecord> left = delivery.Records; !left.IsEmpty;)
        {
            ReadOnlyMemory<LogRecord> some = left[..writer.Fitting(left.Length, i => left.Span[i].Key.Length + left.Span[i].Value.Length)];
            if (await HandOverAsync(source, writer, delivery with { Records = some }, _partitions[delivery.Partition], cancellationToken) is { } refused)
            {
                return refused;
            }

            left = left[some.Length..];
        }

        return null;
    }

    private async Task<LogException?> HandOverAsync(
        LocalLogConsumer source, KafkaLogWriter writer, Delivery delivery, InFlight partition, CancellationToken cancellationToken)
    {
        DeliveryBatch batch = new();
        Activity? activity = LogMetrics.Activities.StartActivity("forward", ActivityKind.Producer);
        bool handedOver = false;
        activity?.SetTag("messaging.destination.name", delivery.Partition.Topic);
        activity?.SetTag("messaging.batch.message_count", delivery.Records.Length);
        try
        {
            TopicPartition to = await RouteAsync(source, writer, delivery.Partition, cancellationToken);
            for (int i = 0; i < delivery.Records.Length; i++)
            {
                LogRecord record = delivery.Records.Span[i];
                while (!writer.TryProduce(to, record.Key.Span, record.Value.Span, batch))
                {
                    // The producer's queue is the bound of what is in flight.
                    if (Settle(source, writer) is { } failure)
                    {
                        return failure;
                    }

                    await Task.Delay(BusyWait, cancellationToken);
                }
            }

            batch.Release();
            partition.Add(batch, delivery.Records.Length, delivery.Records.Span[^1].Offset + 1, activity);
            handedOver = true;
            // Only an idempotent producer takes nothing behind what failed for good. Elsewhere what is in flight is one request, and the next goes when it has
            // arrived: a later one that overtook it would make sinks drop it as sent before.
            while (!writer.IsIdempotent && !partition.IsEmpty)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await writer.FlushAsync();
                if (Settle(source, writer) is { } failure)
                {
                    return failure;
                }
            }

            return null;
        }
        catch (LogException e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            return e;
        }
        finally
        {
            if (!handedOver)
            {
                activity?.Dispose(); // else it ends with the acknowledgement
            }
        }
    }

    // N is settled when a topic is first met and kept with the log: a repartitioned topic must not split a stream.
    private async Task<TopicPartition> RouteAsync(
        LocalLogConsumer source, KafkaLogWriter writer, TopicPartition stream, CancellationToken cancellationToken)
    {
        if (!_routes.TryGetValue(stream.Topic, out int count))
        {
            string target = await writer.GetLogIdAsync(cancellationToken);
            int now = await writer.GetPartitionsAsync(stream.Topic, cancellationToken);
            int? settled = source.Route(target, stream.Topic);
            if (settled is not { } kept || kept > now)
            {
                if (settled is { } before)
                {
                    LogShrunk(stream.Topic, target, before, now);
                }

                source.SetRoute(target, stream.Topic, now);
                LogSettled(stream.Topic, StreamRouting.KafkaPartition(0, _options.Host, now), now, target);
                kept = now;
            }

            count = kept;
            _routes.Add(stream.Topic, count);
        }

        return stream with { Partition = StreamRouting.KafkaPartition(stream.Partition, _options.Host, count) };
    }

    // Counts what was acknowledged, tells the local log now and then, and notices an outage.
    private LogException? Settle(LocalLogConsumer source, KafkaLogWriter writer)
    {
        long sent = 0;
        foreach (InFlight partition in _partitions.Values)
        {
            (long records, Error? error) = partition.Reap();
            sent += records;
            if (error is not null)
            {
                return KafkaErrors.Convert(_target, "sending", error, writer.LastError);
            }
        }

        if (sent > 0)
        {
            LogMetrics.Forwarded.Add(sent);
            _lastProgress = Stopwatch.GetTimestamp();
            if (_trouble is not null)
            {
                _trouble = null;
                Report(source);
                LogBack(Spooled);
            }
        }

        bool waiting = _partitions.Values.Any(p => !p.IsEmpty);
        if (!waiting)
        {
            _lastProgress = Math.Max(_lastProgress, _trouble is null ? Stopwatch.GetTimestamp() : 0);
        }
        else if (_trouble is null && Stopwatch.GetElapsedTime(_lastProgress) > AwayAfter)
        {
            Report(source);
            _trouble = writer.LastError ?? "no acknowledgement";
            LogAway(_trouble, Spooled);
        }

        if (!waiting || Stopwatch.GetElapsedTime(_lastCommit) > CommitInterval)
        {
            Commit(source);
        }

        if (Stopwatch.GetElapsedTime(_lastReport) > ReportInterval)
        {
            Report(source);
        }

        return null;
    }

    private void Commit(LocalLogConsumer source)
    {
        _lastCommit = Stopwatch.GetTimestamp();
        foreach ((TopicPartition partition, InFlight flight) in _partitions)
        {
            if (flight.Acknowledged > flight.Committed)
            {
                source.Commit(partition, flight.Acknowledged);
                flight.Committed = flight.Acknowledged;
            }
        }
    }

    private void Report(LocalLogConsumer source)
    {
        _lastReport = Stopwatch.GetTimestamp();
        long spooled = 0;
        try
        {
            foreach ((TopicPartition partition, InFlight flight) in _partitions)
            {
                long from = flight.Acknowledged >= 0 ? flight.Acknowledged : source.Position(partition);
                spooled += source.CountFrom(partition, from);
            }
        }
        catch (LogException e) when (e.IsTransient)
        {
            _trouble ??= e.Message; // the figure of the last report stands
            return;
        }

        Interlocked.Exchange(ref _spooled, spooled);
        LogMetrics.Spooled.Record(spooled);
    }

    private void ReportFailure(LogException failure, TimeSpan backoff)
    {
        if (!failure.IsTransient)
        {
            LogRefused(failure.Message, Spooled, backoff.TotalSeconds);
        }
        else if (_trouble is null)
        {
            LogAway(failure.Message, Spooled);
        }

        _trouble = failure.Message;
    }

    // Everything that was not acknowledged in order is read again.
    private void StartOver(LocalLogConsumer source)
    {
        Commit(source);
        foreach ((TopicPartition partition, InFlight flight) in _partitions)
        {
            flight.Forget();
            source.Seek(partition, flight.Acknowledged);
        }
    }

    private async Task FinishAsync(LocalLogConsumer source, KafkaLogWriter writer)
    {
        Task all = Task.WhenAll(_partitions.Values.SelectMany(p => p.Pending));
        for (long started = Stopwatch.GetTimestamp(); !writer.IsIdempotent && !all.IsCompleted && Stopwatch.GetElapsedTime(started) < _options.StopWait;)
        {
            await writer.FlushAsync();
        }

        await Task.WhenAny(all, Task.Delay(writer.IsIdempotent ? _options.StopWait : TimeSpan.Zero, CancellationToken.None));
        if (Settle(source, writer) is { } failure)
        {
            ReportFailure(failure, TimeSpan.Zero);
        }

        Commit(source);
        Report(source);
    }
}
