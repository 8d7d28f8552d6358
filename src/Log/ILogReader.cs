namespace ECapture.Log;

/// <summary>
/// Reads a log beside its consumers: it belongs to no group, commits nothing and holds nothing back. For those who check or rebuild what consumers made.
/// </summary>
public interface ILogReader : IAsyncDisposable
{
    /// <summary>Names the log, as <see cref="ILogConsumer.LogId"/> does.</summary>
    string LogId { get; }

    /// <summary>The partitions of this program's topics that the log has.</summary>
    /// <exception cref="LogException">The log cannot be read.</exception>
    ValueTask<IReadOnlyList<TopicPartition>> PartitionsAsync(CancellationToken cancellationToken);

    /// <summary>First offset kept and the next offset to be appended, as far as known now.</summary>
    /// <exception cref="LogException">The log cannot be read.</exception>
    ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken);

    /// <summary>Reads the records from an offset up to another one, which is not included; ends there or at the end of the log.</summary>
    /// <returns>Records, offsets rising; valid until the next ones are asked for.</returns>
    /// <exception cref="LogException">The log cannot be read.</exception>
    IAsyncEnumerable<ReadOnlyMemory<LogRecord>> ReadAsync(TopicPartition partition, long from, long to, CancellationToken cancellationToken);
}
