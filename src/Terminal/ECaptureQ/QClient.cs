using System.Net.WebSockets;
using System.Threading.Channels;

namespace ECapture.Terminal.ECaptureQ;

/// <summary>One connected client: what waits for it is bounded.</summary>
internal sealed class QClient(WebSocket socket, long mostQueuedBytes) : IDisposable
{
    private static readonly TimeSpan s_closeLimit = TimeSpan.FromSeconds(2);

    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _givenUp = new();
    private long _queuedBytes;
    private bool _isTooSlow;

    /// <summary>True once more came than may wait.</summary>
    internal bool IsTooSlow => Volatile.Read(ref _isTooSlow);

    /// <summary>Gives it a message.</summary>
    internal void Offer(byte[] message)
    {
        if (IsTooSlow || Interlocked.Add(ref _queuedBytes, message.Length) > mostQueuedBytes)
        {
            GiveUp();
            return;
        }

        _queue.Writer.TryWrite(message);
    }

    // What is being sent may still end, and the notice then follows it; a client that does not read at all is cut off.
    private void GiveUp()
    {
        if (!IsTooSlow)
        {
            Volatile.Write(ref _isTooSlow, true);
            _queue.Writer.TryComplete();
            _givenUp.CancelAfter(s_closeLimit);
        }
    }

    /// <summary>Nothing comes any more.</summary>
    internal void Finish() => _queue.Writer.TryComplete();

    /// <summary>Sends what it is given until it leaves, falls behind or the server ends.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _givenUp.Token);
        Task listening = ListenAsync(gone);
        try
        {
            await foreach (byte[] message in _queue.Reader.ReadAllAsync(gone.Token).ConfigureAwait(false))
            {
                if (IsTooSlow)
                {
                    break;
                }

                await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, gone.Token).ConfigureAwait(false);
                Interlocked.Add(ref _queuedBytes, -message.Length);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // It left, or the command ends.
        }

        await CloseAsync().ConfigureAwait(false);
        await gone.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _givenUp.Dispose();

    private async Task CloseAsync()
    {
        using CancellationTokenSource limit = new(s_closeLimit);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(
                    IsTooSlow ? WebSocketCloseStatus.PolicyViolation : WebSocketCloseStatus.NormalClosure,
                    IsTooSlow ? "too slow: what was captured does not wait any longer" : "the capture has ended",
                    limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or InvalidOperationException)
        {
            socket.Abort();
        }
    }

    private async Task ListenAsync(CancellationTokenSource gone)
    {
        byte[] unwanted = new byte[1024];
        try
        {
            while ((await socket.ReceiveAsync(unwanted.AsMemory(), gone.Token).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // It left, or the command ends.
        }

        await gone.CancelAsync().ConfigureAwait(false);
    }
}
