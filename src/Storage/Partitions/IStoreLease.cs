namespace ECapture.Storage.Partitions;

/// <summary>The right to change what a store keeps; one holder at a time. Disposing gives it back.</summary>
public interface IStoreLease : IAsyncDisposable
{
    /// <summary>Makes sure that it is still held, before something is done that cannot be undone.</summary>
    /// <exception cref="StoreException">It is not (transient).</exception>
    Task RequireAsync(CancellationToken cancellationToken);
}
