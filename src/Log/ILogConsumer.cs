namespace ECapture.Log;

/// <summary>
/// A member of a consumer group. One caller at a time: assignments, revocations and records come through
/// <see cref="ReceiveAsync"/> in one order, so a rebalance never runs beside the caller's own work.
/// </summary>
public interface ILogConsumer : IAsyncDisposable
{
    /// <summary>
    /// Names the log that the offsets belong to (SQLite: the id made with the log; Kafka: the cluster id), so that progress in
    /// a store is never applied to another log's offsets.
    /// </summary>
    string LogId { get; }

    /// <summary>
    /// Waits up to <paramref name="wait"/> for the next delivery. A newly assigned partition delivers nothing before
    /// <see cref="Seek"/> was called for it: the store, not the log, knows where to go on.
    /// </summary>
    /// <returns>What happened; <see cref="DeliveryKind.None"/> when the wait ended.</returns>
    /// <exception cref="LogException">The log cannot be read; says whether a retry may help.</exception>
    ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>
    /// Where the partition goes on. An offset below the first one kept continues at the first one kept.
    /// A negative offset means the group's committed offset, or else the first record kept.
    /// </summary>
    void Seek(TopicPartition partition, long offset);

    /// <summary>
    /// Says that everything below <paramref name="nextOffset"/> is durable elsewhere; the log may drop it.
    /// May be lost in a crash: the truth is in the store.
    /// </summary>
    void Commit(TopicPartition partition, long nextOffset);

    /// <summary>Stops deliveries of a partition; its place is kept.</summary>
    void Pause(TopicPartition partition);

    /// <summary>Resumes deliveries of a partition.</summary>
    void Resume(TopicPartition partition);

    /// <summary>
    /// First offset kept and the next offset to be appended, as far as known now. The one call that may go on beside the others when it does not answer at once.
    /// </summary>
    /// <exception cref="LogException">The log does not say; says whether a retry may help.</exception>
    ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken);
}

/// <summary>What a <see cref="Delivery"/> carries.</summary>
public enum DeliveryKind
{
    /// <summary>Nothing came within the wait.</summary>
    None,

    /// <summary><see cref="Delivery.Partition"/> now belongs to this member.</summary>
    Assigned,

    /// <summary><see cref="Delivery.Partition"/> no longer belongs to this member; nothing more may be committed for it.</summary>
    Revoked,

    /// <summary>Records of <see cref="Delivery.Partition"/>, offsets rising.</summary>
    Records,
}

/// <summary>One thing that happened to a consumer.</summary>
/// <param name="Kind">What.</param>
/// <param name="Partition">To which partition.</param>
/// <param name="Records">Only with <see cref="DeliveryKind.Records"/>; valid until the next receive.</param>
public readonly record struct Delivery(DeliveryKind Kind, TopicPartition Partition, ReadOnlyMemory<LogRecord> Records);
