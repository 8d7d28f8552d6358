using System.Collections.Concurrent;
using Confluent.Kafka;
using ECapture.Events;

namespace ECapture.Log.Kafka;

/// <summary>
/// Appends to Kafka with acks=all, idempotent where the broker can. The caller chooses the partition. Records of one partition arrive in
/// the order of the calls, also through retries; without idempotence a retry may put a run of them there twice.
/// An outage of the brokers is waited for without end: cancel to give up.
/// </summary>
public sealed class KafkaLogWriter : ILogWriter
{
    // Without idempotence: what one request takes, with what Kafka adds to each record.
    private const int WholeRecords = 10_000;
    private const int WholeBytes = 900_000;
    private const int RecordOverhead = 64;
    private static readonly TimeSpan FlushSlice = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TopicPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FullQueueWait = TimeSpan.FromMilliseconds(5);

    private readonly LogAddress _address;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly KafkaCluster _cluster;
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    private volatile Error? _fatal;
    private volatile string? _lastError;

    internal KafkaLogWriter(LogAddress address)
    {
        KafkaLibrary.Require();
        _address = address;
        try
        {
            _producer = new ProducerBuilder<byte[], byte[]>(KafkaSettings.Producer(address))
                .SetErrorHandler((_, error) => OnError(error))
                .SetLogHandler((_, message) => _lastError = KafkaErrors.Reason(message) ?? _lastError)
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw KafkaErrors.Configuration(address, e);
        }

        _cluster = new KafkaCluster(address, _producer.Handle, () => _lastError);
    }

    /// <summary>What the client complained of last, in its own words; null when nothing is wrong that it knows of.</summary>
    public string? LastError => _lastError;

    /// <summary>True when the broker itself keeps the order of what is sent: after a record that failed for good it takes no later one.</summary>
    internal bool IsIdempotent => KafkaSettings.IsIdempotent(_address);

    /// <summary>The id of the cluster, or what stands for it (docs/kafka.md).</summary>
    /// <exception cref="LogException">No broker answers (transient), or it refuses.</exception>
    public Task<string> GetLogIdAsync(CancellationToken cancellationToken) => _cluster.IdAsync(cancellationToken);

    /// <summary>How many partitions a topic has; makes the topic where it is missing.</summary>
    /// <param name="topic">Short name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LogException">No broker answers (transient), or the topic is missing and may not be made.</exception>
    public Task<int> GetPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        _cluster.PartitionsAsync(topic, TopicPatience, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the records may still arrive.</exception>
    public async ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        for (int next = 0; next < entries.Count;)
        {
            int end = next + Fitting(entries.Count - next, i => entries[next + i].Key.Length + entries[next + i].Value.Length);
            DeliveryBatch batch = new();
            for (; next < end; next++)
            {
                LogEntry entry = entries[next];
                while (!TryProduce(entry.TopicPartition, entry.Key.Span, entry.Value.Span, batch))
                {
                    await Task.Delay(FullQueueWait, cancellationToken);
                }
            }

            batch.Release();
            while (!IsIdempotent && !batch.Done.IsCompleted)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await FlushAsync();
            }

            if (await batch.Done.WaitAsync(cancellationToken) is { } error)
            {
                throw KafkaErrors.Convert(_address, "sending", error, _lastError);
            }
        }
    }

    /// <summary>Gives up at once; what was not acknowledged may still have arrived.</summary>
    public async ValueTask DisposeAsync()
    {
        _cluster.Dispose();
        await Task.Run(_producer.Dispose);
    }

    /// <summary>How many records may be in flight of a partition at once: without idempotence as many as one request takes.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="bytes">Bytes of each.</param>
    internal int Fitting(int count, Func<int, int> bytes)
    {
        if (IsIdempotent)
        {
            return count;
        }

        int fitting = 1; // one that is larger than that goes alone
        for (long sum = bytes(0) + RecordOverhead; fitting < Math.Min(count, WholeRecords) && (sum += bytes(fitting) + RecordOverhead) <= WholeBytes;)
        {
            fitting++;
        }

        return fitting;
    }

    /// <summary>Sends what was handed over, for a tenth of a second. Without idempotence nothing goes by itself.</summary>
    internal Task FlushAsync() => Task.Run(() => _producer.Flush(FlushSlice));

    /// <summary>Hands one record over; the bytes are copied.</summary>
    /// <returns>False when the client's queue is full: wait and call again.</returns>
    /// <exception cref="LogException">The record cannot be sent; the writer is useless when the producer's state is broken.</exception>
    internal bool TryProduce(TopicPartition to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DeliveryBatch batch)
    {
        if (_fatal is { } fatal)
        {
            throw KafkaErrors.Convert(_address, "sending", fatal);
        }

        batch.Add();
        try
        {
            _producer.Produce(
                new Confluent.Kafka.TopicPartition(NameOf(to.Topic), to.Partition),
                new Message<byte[], byte[]> { Key = key.ToArray(), Value = value.ToArray() },
                batch.Report);
            return true;
        }
        catch (ProduceException<byte[], byte[]> e)
        {
            batch.Release();
            return e.Error.Code == ErrorCode.Local_QueueFull
                ? false
                : throw KafkaErrors.Convert(_address, $"sending to {NameOf(to.Topic)}/{to.Partition}", e.Error, _lastError);
        }
    }

    private string NameOf(string topic) => _names.GetOrAdd(topic, Topics.KafkaName);

    private void OnError(Error error)
    {
        _lastError = error.Reason;
        LogMetrics.KafkaErrors.Add(1);
        if (error.IsFatal)
        {
            _fatal = error;
        }
    }
}
