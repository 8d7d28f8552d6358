using System.Net.Sockets;

namespace ECapture.Terminal.Delivery;

/// <summary>Records one behind the other over TCP.</summary>
internal sealed class TcpChannel(string host, int port) : IRemoteChannel
{
    private readonly TcpClient _client = new();

    /// <inheritdoc/>
    public Task Closed { get; private set; } = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }

        _client.Client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        Closed = WatchAsync(_client.GetStream());
    }

    /// <inheritdoc/>
    public Task SendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        _client.GetStream().WriteAsync(record, cancellationToken).AsTask();

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            _client.Client.Shutdown(SocketShutdown.Send);
            return Task.CompletedTask;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // A receiver says nothing; what it says all the same is not needed.
    private static async Task WatchAsync(NetworkStream stream)
    {
        byte[] unwanted = new byte[1024];
        try
        {
            while (await stream.ReadAsync(unwanted).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Gone as well.
        }
    }
}
