using Confluent.Kafka;
using ECapture.Events;

namespace ECapture.Log.Kafka;

// What the client tells while it is asked for a record: assignments, losses, errors.
public sealed partial class KafkaLogConsumer
{
    private List<TopicPartitionOffset> OnAssigned(List<Confluent.Kafka.TopicPartition> partitions)
    {
        foreach (Confluent.Kafka.TopicPartition native in partitions)
        {
            if (Topics.ShortName(native.Topic) is { } topic)
            {
                TopicPartition partition = new(topic, native.Partition.Value);
                _owned[native] = new KafkaPartition(partition, native);
                _changes.Enqueue((DeliveryKind.Assigned, partition));
            }
        }

        return []; // nothing is read before the caller has placed it
    }

    private void OnRevoked(List<TopicPartitionOffset> _)
    {
        // The protocol is eager: all or nothing. The client lists only what it was given to read.
        foreach (KafkaPartition owned in _owned.Values)
        {
            _changes.Enqueue((DeliveryKind.Revoked, owned.Partition));
        }

        _owned.Clear();
        _stashed = null;
        _moved = false;
    }

    private void Store(KafkaPartition partition)
    {
        try
        {
            _consumer.StoreOffset(new TopicPartitionOffset(partition.Native, partition.Committed));
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_State)
        {
            // Not with the client yet, or no more: said again when it is placed, and lost with the partition.
            LogMetrics.Fenced.Add(1);
        }
    }

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
