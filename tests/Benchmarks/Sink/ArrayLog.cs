using ECapture.Events;
using ECapture.Log;

namespace ECapture.Benchmarks.Sink;

/// <summary>A log that costs nothing to read: records that are in memory already, a thousand at a time.</summary>
internal sealed class ArrayLog(LogRecord[] records) : ILogConsumer
{
    private const int PerDelivery = 1_000;

    private static readonly TopicPartition Partition = new(Topics.Packet, 0);

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAssigned;
    private bool _isPaused;
    private int _next = -1;

    public string LogId { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Ends when everything is stored.</summary>
    public Task Drained => _drained.Task;

    public async ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (!_isAssigned)
        {
            _isAssigned = true;
            return new Delivery(DeliveryKind.Assigned, Partition, default);
        }

        if (_isPaused || _next < 0 || _next == records.Length)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
            return default;
        }

        int count = Math.Min(PerDelivery, records.Length - _next);
        ReadOnlyMemory<LogRecord> delivered = records.AsMemory(_next, count);
        _next += count;
        return new Delivery(DeliveryKind.Records, Partition, delivered);
    }

    public void Seek(TopicPartition partition, long offset) => _next = (int)offset;

    public void Commit(TopicPartition partition, long nextOffset)
    {
        if (nextOffset == records.Length)
        {
            _drained.TrySetResult();
        }
    }

    public void Pause(TopicPartition partition) => _isPaused = true;

    public void Resume(TopicPartition partition) => _isPaused = false;

    public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken) =>
        ValueTask.FromResult((0L, (long)records.Length));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
