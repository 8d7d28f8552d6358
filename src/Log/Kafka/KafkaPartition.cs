using Confluent.Kafka;
using ECapture.Events;

namespace ECapture.Log.Kafka;

/// <summary>A partition that this member owns, and where its caller stands in it.</summary>
internal sealed class KafkaPartition(TopicPartition partition, Confluent.Kafka.TopicPartition native)
{
    public TopicPartition Partition { get; } = partition;

    public Confluent.Kafka.TopicPartition Native { get; } = native;

    /// <summary>True after the first seek.</summary>
    public bool IsPlaced { get; set; }

    /// <summary>True while the caller wants nothing of it.</summary>
    public bool IsPaused { get; set; }

    /// <summary>True while the client was told so.</summary>
    public bool IsStopped { get; set; }

    /// <summary>The offset that the client reads next; <see cref="Offset.Stored"/> for "where the group stands".</summary>
    public Offset Next { get; set; } = Offset.Stored;

    /// <summary>What the caller committed last; -1 when it did not.</summary>
    public long Committed { get; set; } = -1;

    /// <summary>
    /// Records that were taken from the client and not delivered yet, in order. More than one only when the client gave another before it heard of a pause.
    /// </summary>
    public Queue<LogRecord> Stash { get; } = new();

    /// <summary>A partition by the name that it has on the cluster.</summary>
    public static Confluent.Kafka.TopicPartition NativeOf(TopicPartition partition) => new(Topics.KafkaName(partition.Topic), partition.Partition);

    public TopicPartitionOffset Position => new(Native, Next);
}
