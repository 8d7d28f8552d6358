using ECapture.Sink.Delivery;

namespace ECapture.Sink.Projections;

/// <summary>What the store holds of plaintext from before a batch.</summary>
internal interface IConnectionHistory
{
    /// <summary>Waits until everything below an offset is in the store; not for ever.</summary>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    Task WaitStoredAsync(PartitionId partition, long offset, CancellationToken cancellationToken);

    /// <summary>Connections of a stream with plaintext in the time before an event.</summary>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    Task<IReadOnlyCollection<ulong>> ConnectionsAsync(string topic, SourceEvent first, CancellationToken cancellationToken);

    /// <summary>The plaintext of connections of a stream before an event, in the order of the stream, and whether that is all of it.</summary>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    Task<(IReadOnlyList<ReadOnlyMemory<byte>> Events, bool IsWhole)> EventsAsync(string topic, SourceEvent first, IReadOnlyList<ulong> connections, CancellationToken cancellationToken);
}
