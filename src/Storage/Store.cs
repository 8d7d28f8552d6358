namespace ECapture.Storage;

/// <summary>An open store. Made by <see cref="StoreFactory"/>.</summary>
public abstract class Store : IAsyncDisposable
{
    private protected Store(StoreAddress address) => Address = address;

    /// <summary>Where it is.</summary>
    public StoreAddress Address { get; }

    /// <summary>Answers when the store does: for health endpoints.</summary>
    /// <exception cref="StoreException">It cannot be reached or refuses.</exception>
    public abstract Task PingAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
