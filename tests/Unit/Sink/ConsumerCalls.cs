using ECapture.Log;

namespace ECapture.Tests.Unit.Sink;

/// <summary>Notes in which order a log's consumer was called.</summary>
internal sealed class ConsumerCalls(ILogConsumer inner) : ILogConsumer
{
    /// <summary>Names of the methods, but for questions about bounds.</summary>
    public List<string> Made { get; } = [];

    /// <summary>The offsets that were committed.</summary>
    public List<long> Commits { get; } = [];

    /// <summary>Called after a partition was paused.</summary>
    public Action OnPause { get; init; } = () => { };

    /// <summary>Partitions whose bounds are told only when this ends.</summary>
    public Func<TopicPartition, Task> OnBounds { get; init; } = _ => Task.CompletedTask;

    public string LogId => inner.LogId;

    public ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        Made.Add(nameof(ReceiveAsync));
        return inner.ReceiveAsync(wait, cancellationToken);
    }

    public void Seek(TopicPartition partition, long offset)
    {
        Made.Add(nameof(Seek));
        inner.Seek(partition, offset);
    }

    public void Commit(TopicPartition partition, long nextOffset)
    {
        Made.Add(nameof(Commit));
        Commits.Add(nextOffset);
        inner.Commit(partition, nextOffset);
    }

    public void Pause(TopicPartition partition)
    {
        Made.Add(nameof(Pause));
        inner.Pause(partition);
        OnPause();
    }

    public void Resume(TopicPartition partition)
    {
        Made.Add(nameof(Resume));
        inner.Resume(partition);
    }

    public async ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        await OnBounds(partition).WaitAsync(cancellationToken);
        return await inner.GetBoundsAsync(partition, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
