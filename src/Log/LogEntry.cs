namespace ECapture.Log;

/// <summary>A record to append.</summary>
/// <param name="TopicPartition">Where to.</param>
/// <param name="Key">What keeps an order: the connection id, else the process id; may be empty.</param>
/// <param name="Value">An encoded <see cref="Events.V1.Event"/>. Valid until the append returns.</param>
public readonly record struct LogEntry(TopicPartition TopicPartition, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);

/// <summary>A record as it is read.</summary>
/// <param name="Offset">Its place in the partition; offsets rise, and need not be contiguous.</param>
/// <param name="Key">Valid until the next receive.</param>
/// <param name="Value">Valid until the next receive.</param>
public readonly record struct LogRecord(long Offset, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);
