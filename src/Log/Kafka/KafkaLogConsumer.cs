using System.Diagnostics;
using Confluent.Kafka;
using ECapture.Events;

namespace ECapture.Log.Kafka;

/// <summary>
/// A member of a Kafka consumer group. What the group assigns is offered to the caller, and read from the client only after the caller said where
/// it goes on. Commits are sent a second later, at a rebalance and at the end.
/// </summary>
public sealed partial class KafkaLogConsumer : ILogConsumer
{
    private const int MaxRecords = 16 * 1024;
    private const int MaxBytes = 1 << 20;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TopicLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BoundsLimit = TimeSpan.FromSeconds(10);

    private readonly LogAddress _address;
    private readonly IConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> _consumer;
    private readonly KafkaCluster _cluster;
    private readonly RecordArena _arena = new();
    private readonly Dictionary<Confluent.Kafka.TopicPartition, KafkaPartition> _owned = [];
    private readonly Queue<(DeliveryKind Kind, TopicPartition Partition)> _changes = [];
    private readonly List<LogRecord> _records = [];
    private LogRecord[] _delivered = new LogRecord[1024];
    private KafkaPartition? _stashed;
    private static readonly TimeSpan s_placeInterval = TimeSpan.FromMilliseconds(100);
    private bool _moved;
    private bool _movedBack;
    private long _placedAt;
    private bool _disposed;
    private volatile Error? _fatal;
    private volatile string? _lastError;

    internal KafkaLogConsumer(LogAddress address, string group)
    {
        KafkaLibrary.Require();
        _address = address;
        try
        {
            _consumer = new ConsumerBuilder<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>(KafkaSettings.Consumer(address, group))
                .SetKeyDeserializer(_arena)
                .SetValueDeserializer(_arena)
                .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
                .SetPartitionsRevokedHandler((_, partitions) => OnRevoked(partitions))
                .SetPartitionsLostHandler((_, partitions) => OnRevoked(partitions))
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler((_, message) => _lastError = KafkaErrors.Reason(message) ?? _lastError)
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw KafkaErrors.Configuration(address, e);
        }

        _cluster = new KafkaCluster(address, _consumer.Handle, () => _lastError);
    }

    /// <inheritdoc/>
    public string LogId { get; private set; } = "";

    /// <summary>What the client complained of last, in its own words; null when nothing is wrong that it knows of.</summary>
    public string? LastError => _lastError;

    /// <inheritdoc/>
    public async ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        Forget();
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Place();
            if (_changes.TryDequeue(out (DeliveryKind Kind, TopicPartition Partition) change))
            {
                return new Delivery(change.Kind, change.Partition, default);
            }

            if (Collect() is { } records)
            {
                return records;
            }

            if (_changes.Count > 0)
            {
                continue;
            }

            TimeSpan left = wait - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return new Delivery(DeliveryKind.None, default, default);
            }

            TimeSpan slice = Slice(left);
            KafkaPartition? ready = await Task.Run(() => Take(slice), cancellationToken);
            _stashed = ready ?? _stashed;
        }
    }

    /// <inheritdoc/>
    public void Seek(TopicPartition partition, long offset)
    {
        if (Find(partition) is not { } owned)
        {
            return;
        }

        owned.Next = offset >= 0 ? offset : owned.Committed >= 0 ? owned.Committed : Offset.Stored;
        owned.Stash.Clear();
        _movedBack |= owned.IsPlaced; // the client delivers from the old place until it is told
        owned.IsPlaced = true;
        _moved = true;
    }

    /// <inheritdoc/>
    /// <remarks>A commit for a partition that has gone to another member changes nothing; its loss is delivered.</remarks>
    public void Commit(TopicPartition partition, long nextOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nextOffset);
        if (Find(partition) is { } owned)
        {
            owned.Committed = nextOffset;
            Store(owned);
        }
        else
        {
            LogMetrics.Fenced.Add(1);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The client is told only when a record comes all the same: it throws away what it has fetched then, and most pauses of a sink end before.
    /// </remarks>
    public void Pause(TopicPartition partition)
    {
        if (Find(partition) is { } owned)
        {
            owned.IsPaused = true;
        }
    }

    /// <inheritdoc/>
    public void Resume(TopicPartition partition)
    {
        if (Find(partition) is { IsPaused: true } owned)
        {
            owned.IsPaused = false;
            if (owned.IsStopped)
            {
                owned.IsStopped = false;
                if (!_moved)
                {
                    _consumer.Resume([owned.Native]);
                }
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        KafkaBounds.AskAsync(_consumer, _address, partition, BoundsLimit, () => _lastError, cancellationToken);

    /// <summary>Commits, leaves the group and closes; two seconds at most are given to a broker that does not answer.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Task closed = Task.Run(() =>
        {
            try
            {
                _consumer.Close();
            }
            catch (KafkaException e)
            {
                OnError(e.Error); // the group gives the partitions away when the session ends
            }

            _cluster.Dispose();
            _consumer.Dispose();
        });
        await Task.WhenAny(closed, Task.Delay(CloseLimit));
        if (closed.IsFaulted)
        {
            await closed;
        }
    }

    /// <summary>
    /// How long the client waits at once: short enough for a cancellation to be noticed, because its own wait cannot be awaited. In whole milliseconds,
    /// rounded up: it cuts off the rest, and would be asked thousands of times in the last one.
    /// </summary>
    internal static TimeSpan Slice(TimeSpan left) => TimeSpan.FromMilliseconds(Math.Min(100, Math.Ceiling(left.TotalMilliseconds)));

    internal async Task StartAsync(IReadOnlyCollection<string> topics, CancellationToken cancellationToken)
    {
        LogId = await _cluster.IdAsync(cancellationToken);
        await Task.WhenAll(topics.Select(topic => MakeAsync(topic, cancellationToken)));
        _consumer.Subscribe(topics.Select(Topics.KafkaName));
    }

    private async Task MakeAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await _cluster.PartitionsAsync(topic, TopicLimit, cancellationToken);
        }
        catch (LogException)
        {
            // A sink needs no right to make topics: those that appear later are met then.
            LogMetrics.KafkaErrors.Add(1);
        }
    }

    // What the last delivery used; a record that was read ahead is saved from the buffer that is used again.
    private void Forget()
    {
        foreach (KafkaPartition owned in _owned.Values)
        {
            for (int i = owned.Stash.Count; i > 0; i--)
            {
                LogRecord stash = owned.Stash.Dequeue();
                owned.Stash.Enqueue(new LogRecord(stash.Offset, stash.Key.ToArray(), stash.Value.ToArray()));
            }
        }

        _arena.Clear();
        _records.Clear();
    }

    // Gives the client the partitions that the caller has placed. It forgets what it had of them, so everything is said again.
    // Partitions that are new to it wait a little for each other: librdkafka 2.15 aborts the process when assignments follow each other faster than
    // it stops what it fetches (its issue 5573).
    private void Place()
    {
        if (!_moved || (!_movedBack && (_changes.Count > 0 || Stopwatch.GetElapsedTime(_placedAt) < s_placeInterval)))
        {
            return;
        }

        _moved = false;
        _movedBack = false;
        _placedAt = Stopwatch.GetTimestamp();
        KafkaPartition[] placed = [.. _owned.Values.Where(p => p.IsPlaced)];
        _consumer.Assign(placed.Select(p => p.Position));
        // The client remembers who was paused when a partition was taken away, and reads nothing of it when it comes back.
        _consumer.Resume(placed.Where(p => !p.IsPaused).Select(p => p.Native));
        _consumer.Pause(placed.Where(p => p.IsPaused).Select(p => p.Native));
        foreach (KafkaPartition partition in placed)
        {
            partition.IsStopped = partition.IsPaused; // a new assignment is read but for these
        }

        foreach (KafkaPartition partition in placed.Where(p => p.Committed >= 0))
        {
            Store(partition);
        }
    }

    // Records of one partition, as many as are there without waiting.
    private Delivery? Collect()
    {
        KafkaPartition? partition = _stashed;
        _stashed = null;
        if (partition is null or { IsPaused: true } or { Stash.Count: 0 })
        {
            partition = Stashed() ?? Take(TimeSpan.Zero);
        }

        if (partition is null or { IsPaused: true } or { Stash.Count: 0 })
        {
            return null;
        }

        long bytes = Unstash(partition);
        // A partition that was paused with a record in its stash and goes on is served before more is taken from the client.
        bool mayTake = Stashed() is null;
        while (mayTake && _records.Count < MaxRecords && bytes < MaxBytes && _changes.Count == 0 && Take(TimeSpan.Zero) is { } other)
        {
            if (other != partition)
            {
                _stashed = other;
                break;
            }

            bytes += Unstash(partition);
        }

        // A rebalance during the last take may have revoked it: what it read is not the caller's any more.
        if (!_owned.ContainsValue(partition))
        {
            _records.Clear();
            return null;
        }

        if (_delivered.Length < _records.Count)
        {
            _delivered = new LogRecord[Math.Max(_records.Count, 2 * _delivered.Length)];
        }

        _records.CopyTo(_delivered);
        LogMetrics.Read.Add(_records.Count);
        return new Delivery(DeliveryKind.Records, partition.Partition, _delivered.AsMemory(0, _records.Count));
    }

    private long Unstash(KafkaPartition partition)
    {
        long bytes = 0;
        while (partition.Stash.TryDequeue(out LogRecord record))
        {
            _records.Add(record);
            bytes += record.Value.Length;
        }

        return bytes;
    }

    private KafkaPartition? Stashed()
    {
        foreach (KafkaPartition partition in _owned.Values)
        {
            if (partition is { IsPaused: false, Stash.Count: > 0 })
            {
                return partition;
            }
        }

        return null;
    }

    // Takes one record from the client and leaves it at the end of its partition's stash. Rebalances happen in here.
    private KafkaPartition? Take(TimeSpan wait)
    {
        if (_fatal is { } fatal)
        {
            throw KafkaErrors.Convert(_address, "reading", fatal);
        }

        try
        {
            ConsumeResult<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? result = _consumer.Consume(wait);
            if (result is null || !_owned.TryGetValue(result.TopicPartition, out KafkaPartition? partition) || !partition.IsPlaced)
            {
                return null;
            }

            partition.Next = result.Offset + 1;
            partition.Stash.Enqueue(new LogRecord(result.Offset.Value, result.Message.Key, result.Message.Value));
            if (partition.IsPaused)
            {
                _consumer.Pause([partition.Native]);
                partition.IsStopped = true;
            }

            return partition;
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition)
        {
            return null; // a topic that does not exist yet
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Convert(_address, "reading", e.Error, _lastError);
        }
    }

    private KafkaPartition? Find(TopicPartition partition) => _owned.GetValueOrDefault(KafkaPartition.NativeOf(partition));
}
