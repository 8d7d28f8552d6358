using ECapture.Log;

namespace ECapture.Tests.Support.Sink;

/// <summary>A log in memory, for tests of the sink alone. One member at a time owns every partition.</summary>
public sealed class MemoryLog(string id = "memory")
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Topic, int Partition), List<(long Offset, byte[] Value)>> _partitions = [];

    /// <summary>The offset that each group committed, by partition.</summary>
    public Dictionary<TopicPartition, long> Committed { get; } = [];

    public string Id => id;

    public void Append(TopicPartition partition, byte[] value, int skipOffsets = 0)
    {
        lock (_gate)
        {
            if (!_partitions.TryGetValue((partition.Topic, partition.Partition), out List<(long Offset, byte[] Value)>? records))
            {
                _partitions.Add((partition.Topic, partition.Partition), records = []);
            }

            records.Add(((records.Count == 0 ? 0 : records[^1].Offset + 1) + skipOffsets, value));
        }
    }

    /// <summary>The values of a partition, in order.</summary>
    public IReadOnlyList<byte[]> Values(TopicPartition partition)
    {
        lock (_gate)
        {
            return [.. Records(partition).Select(record => record.Value)];
        }
    }

    public ILogConsumer Open(int recordsPerDelivery = 100) => new Member(this, recordsPerDelivery);

    private List<(long Offset, byte[] Value)> Records(TopicPartition partition) => _partitions[(partition.Topic, partition.Partition)];

    private sealed class Member(MemoryLog log, int recordsPerDelivery) : ILogConsumer
    {
        private readonly Dictionary<TopicPartition, (long? Next, bool IsPaused)> _assigned = [];

        public string LogId => log.Id;

        public async ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken)
        {
            if (Next() is { } delivery)
            {
                return delivery;
            }

            await Task.Delay(wait < TimeSpan.FromMilliseconds(5) ? wait : TimeSpan.FromMilliseconds(5), cancellationToken);
            return Next() ?? new Delivery(DeliveryKind.None, default, default);
        }

        public void Seek(TopicPartition partition, long offset) => _assigned[partition] = (offset, _assigned[partition].IsPaused);

        public void Commit(TopicPartition partition, long nextOffset)
        {
            lock (log._gate)
            {
                log.Committed[partition] = nextOffset;
            }
        }

        public void Pause(TopicPartition partition) => _assigned[partition] = (_assigned[partition].Next, true);

        public void Resume(TopicPartition partition) => _assigned[partition] = (_assigned[partition].Next, false);

        public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken)
        {
            lock (log._gate)
            {
                List<(long Offset, byte[] Value)> records = log.Records(partition);
                return ValueTask.FromResult((records.Count == 0 ? 0 : records[0].Offset, records.Count == 0 ? 0 : records[^1].Offset + 1));
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private Delivery? Next()
        {
            lock (log._gate)
            {
                foreach ((string topic, int number) in log._partitions.Keys)
                {
                    TopicPartition partition = new(topic, number);
                    if (!_assigned.TryGetValue(partition, out (long? Next, bool IsPaused) place))
                    {
                        _assigned[partition] = (null, false);
                        return new Delivery(DeliveryKind.Assigned, partition, default);
                    }

                    if (place is { Next: long next, IsPaused: false })
                    {
                        LogRecord[] records = [.. log.Records(partition).Where(r => r.Offset >= next).Take(recordsPerDelivery)
                            .Select(r => new LogRecord(r.Offset, default, r.Value))];
                        if (records.Length > 0)
                        {
                            _assigned[partition] = (records[^1].Offset + 1, false);
                            return new Delivery(DeliveryKind.Records, partition, records);
                        }
                    }
                }

                return null;
            }
        }
    }
}
