using System.Runtime.CompilerServices;

namespace ECapture.Log.Local;

/// <summary>Reads a local log without a group: no lease, no position, nothing is kept for it.</summary>
public sealed class LocalLogReader : ILogReader
{
    private const int BatchBytes = 512 * 1024;

    private readonly Catalogue _catalogue;
    private readonly SegmentSet _segments;

    /// <summary>Opens the log of a directory.</summary>
    /// <exception cref="LogException">There is no log, this user may not, or a file is damaged or foreign.</exception>
    public LocalLogReader(string directory)
    {
        LogDirectory log = new(directory);
        _catalogue = Catalogue.Open(log);
        _segments = new SegmentSet(log, _catalogue);
    }

    /// <inheritdoc/>
    public string LogId => _catalogue.LogId;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TopicPartition>> PartitionsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _segments.Refresh();
        IReadOnlyList<TopicPartition> partitions = [.. _segments.Newest?.Partitions.Keys ?? []];
        return ValueTask.FromResult(partitions);
    }

    /// <inheritdoc/>
    public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _segments.Refresh();
        long first = _segments.Locate(partition, 0) is var oldest && oldest >= 0 && _segments.TryOpen(oldest) is { } reader
            ? reader.Partitions[partition].First
            : 0;
        long next = _segments.Newest?.Partitions.GetValueOrDefault(partition).Next ?? 0;
        return ValueTask.FromResult((first, Math.Max(first, next)));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<LogRecord>> ReadAsync(
        TopicPartition partition, long from, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask; // reading files of this machine does not wait
        ReadBatch batch = new(BatchBytes);
        _segments.Refresh();
        long next = from;
        for (long id = _segments.Locate(partition, from); id >= 0 && next < to; id = _segments.After(id))
        {
            while (next < to)
            {
                cancellationToken.ThrowIfCancellationRequested();
                batch.Clear();
                long after = Read(id, partition, next, batch);
                ReadOnlyMemory<LogRecord> records = Below(batch.Records, to);
                if (records.IsEmpty)
                {
                    break;
                }

                next = after;
                yield return records;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _segments.Dispose();
        _catalogue.Dispose();
        return ValueTask.CompletedTask;
    }

    // A segment that was dropped meanwhile has nothing.
    private long Read(long id, TopicPartition partition, long next, ReadBatch batch) =>
        _segments.TryOpen(id) is { } segment && segment.Partitions.TryGetValue(partition, out SegmentPartition known)
            ? segment.Read(known.Id, Math.Max(next, known.First), batch)
            : next;

    private static ReadOnlyMemory<LogRecord> Below(ReadOnlyMemory<LogRecord> records, long to)
    {
        int count = records.Length;
        while (count > 0 && records.Span[count - 1].Offset >= to)
        {
            count--;
        }

        return records[..count];
    }
}
