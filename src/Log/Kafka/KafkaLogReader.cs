using System.Diagnostics;
using System.Runtime.CompilerServices;
using Confluent.Kafka;
using ECapture.Events;

namespace ECapture.Log.Kafka;

/// <summary>Reads Kafka partitions without joining a group: partitions are named, nothing is committed.</summary>
public sealed class KafkaLogReader : ILogReader
{
    private const int MaxRecords = 16 * 1024;
    private const int MaxBytes = 4 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(100);

    private readonly LogAddress _address;
    private readonly IConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> _consumer;
    private readonly KafkaCluster _cluster;
    private readonly RecordArena _arena = new();
    private volatile string? _lastError;

    private KafkaLogReader(LogAddress address)
    {
        KafkaLibrary.Require();
        _address = address;
        ConsumerConfig settings = KafkaSettings.Consumer(address, "ecapture-reader"); // the client asks for a name; no group comes of it
        settings.EnableAutoCommit = false;
        settings.EnablePartitionEof = true;
        try
        {
            _consumer = new ConsumerBuilder<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>(settings)
                .SetKeyDeserializer(_arena)
                .SetValueDeserializer(_arena)
                .SetErrorHandler((_, error) => _lastError = error.Reason)
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

    /// <summary>Opens the log.</summary>
    /// <exception cref="LogException">librdkafka is missing, it refuses an option of the address, or no broker answers.</exception>
    public static async Task<KafkaLogReader> OpenAsync(LogAddress address, CancellationToken cancellationToken)
    {
        KafkaLogReader reader = new(address);
        try
        {
            reader.LogId = await reader._cluster.IdAsync(cancellationToken);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TopicPartition>> PartitionsAsync(CancellationToken cancellationToken)
    {
        Metadata metadata = await _cluster.MetadataAsync(null, cancellationToken);
        return
        [
            .. metadata.Topics.Where(topic => !topic.Error.IsError)
                .SelectMany(topic => topic.Partitions.Select(partition => (Topic: Topics.ShortName(topic.Topic), partition.PartitionId)))
                .Where(found => found.Topic is not null)
                .Select(found => new TopicPartition(found.Topic!, found.PartitionId)),
        ];
    }

    /// <inheritdoc/>
    public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        KafkaBounds.AskAsync(_consumer, _address, partition, s_patience, () => _lastError, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<LogRecord>> ReadAsync(
        TopicPartition partition, long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (from >= to)
        {
            yield break;
        }

        _consumer.Assign(new TopicPartitionOffset(KafkaPartition.NativeOf(partition), from));
        LogRecord[] records = new LogRecord[MaxRecords];
        bool isEnd = false;
        long heardAt = Stopwatch.GetTimestamp();
        while (!isEnd)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _arena.Clear();
            (int count, isEnd) = await Task.Run(() => Fill(records, to), cancellationToken);
            if (count > 0)
            {
                yield return records.AsMemory(0, count);
                heardAt = Stopwatch.GetTimestamp();
            }
            else if (!isEnd && Stopwatch.GetElapsedTime(heardAt) > s_silence)
            {
                throw KafkaErrors.Unreachable(_address, s_silence, _lastError);
            }
        }

        _consumer.Unassign();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.Run(() =>
        {
            _cluster.Dispose();
            _consumer.Dispose();
        });
    }

    // As many as come without a pause.
    private (int Count, bool IsEnd) Fill(LogRecord[] records, long to)
    {
        int count = 0;
        long bytes = 0;
        try
        {
            while (count < records.Length && bytes < MaxBytes)
            {
                ConsumeResult<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? result = _consumer.Consume(count == 0 ? s_slice : TimeSpan.Zero);
                if (result is null)
                {
                    return (count, false);
                }

                if (result.IsPartitionEOF || result.Offset.Value >= to)
                {
                    return (count, true);
                }

                bytes += result.Message.Value.Length;
                records[count++] = new LogRecord(result.Offset.Value, result.Message.Key, result.Message.Value);
                if (result.Offset.Value == to - 1)
                {
                    return (count, true);
                }
            }

            return (count, false);
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Convert(_address, "reading", e.Error, _lastError);
        }
    }
}
