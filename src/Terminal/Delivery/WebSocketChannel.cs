using System.Net.WebSockets;

namespace ECapture.Terminal.Delivery;

/// <summary>A message for each record over WebSocket; with <c>wss</c> the server's certificate is verified.</summary>
internal sealed class WebSocketChannel : IRemoteChannel
{
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(15);

    private readonly Uri _address;
    private readonly WebSocketMessageType _type;
    private readonly ClientWebSocket _socket = new();

    internal WebSocketChannel(Uri address, bool isText)
    {
        _address = address;
        _type = isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
        _socket.Options.KeepAliveInterval = s_keepAlive;
        _socket.Options.KeepAliveTimeout = s_keepAlive;
    }

    /// <inheritdoc/>
    public Task Closed { get; private set; } = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ConnectAsync(_address, cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException e)
        {
            Exception cause = e.GetBaseException();
            throw new IOException(cause.Message, e);
        }

        Closed = WatchAsync();
    }

    /// <inheritdoc/>
    public async Task SendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(record, _type, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // Reading is also what answers pings.
    private async Task WatchAsync()
    {
        byte[] unwanted = new byte[1024];
        try
        {
            while ((await _socket.ReceiveAsync(unwanted.AsMemory(), CancellationToken.None).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Gone as well.
        }
    }
}
