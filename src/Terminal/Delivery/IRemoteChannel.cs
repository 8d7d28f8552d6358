namespace ECapture.Terminal.Delivery;

/// <summary>A connection to a receiver.</summary>
internal interface IRemoteChannel : IDisposable
{
    /// <summary>Connects.</summary>
    /// <exception cref="IOException">It did not come about.</exception>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Ends when the receiver went away.</summary>
    Task Closed { get; }

    /// <summary>Sends a record.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    Task SendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken);

    /// <summary>Says that nothing more comes.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    Task FinishAsync(CancellationToken cancellationToken);
}
