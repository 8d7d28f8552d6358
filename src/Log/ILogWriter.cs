namespace ECapture.Log;

/// <summary>Appends records to a log.</summary>
public interface ILogWriter : IAsyncDisposable
{
    /// <summary>
    /// Appends the entries in order. On return they are durable as the log defines it (SQLite: the whole batch or nothing,
    /// in the file system's cache; Kafka: acks=all).
    /// </summary>
    /// <exception cref="LogException">The batch was not appended.</exception>
    ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken);
}
