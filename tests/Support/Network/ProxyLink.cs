using System.Net.Sockets;

namespace ECapture.Tests.Support.Network;

/// <summary>The connections of one client through a <see cref="TcpProxy"/>, which share a fate.</summary>
internal sealed class ProxyLink
{
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(150);

    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _sockets = [];
    private TaskCompletionSource _goesOn = Completed();
    private LinkState _state;

    public LinkState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    public void Set(LinkState state)
    {
        Socket[] reset = [];
        lock (_gate)
        {
            if (state == LinkState.Stalled && _state != LinkState.Stalled)
            {
                _goesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _state = state;
            if (state == LinkState.Cut)
            {
                reset = [.. _sockets];
                _sockets.Clear();
            }

            if (state != LinkState.Stalled)
            {
                _goesOn.TrySetResult();
            }
        }

        foreach (Socket socket in reset)
        {
            Reset(socket);
        }
    }

    /// <summary>Waits until a piece of data may pass.</summary>
    /// <exception cref="SocketException">The link was cut meanwhile: it is lost.</exception>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        Task goesOn;
        bool isSlow;
        lock (_gate)
        {
            goesOn = _goesOn.Task;
            isSlow = _state == LinkState.Slow;
        }

        await goesOn.WaitAsync(cancellationToken);
        if (State == LinkState.Cut)
        {
            throw new SocketException((int)SocketError.ConnectionReset); // its sockets are being reset, and may still be there
        }

        if (isSlow)
        {
            await Task.Delay(s_late, cancellationToken);
        }
    }

    /// <returns>False when the link is cut.</returns>
    public bool TryAdd(Socket client, Socket server)
    {
        lock (_gate)
        {
            return _state != LinkState.Cut && _sockets.Add(client) && _sockets.Add(server);
        }
    }

    public void Remove(Socket client, Socket server)
    {
        lock (_gate)
        {
            _sockets.Remove(client);
            _sockets.Remove(server);
        }
    }

    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }

        socket.Dispose();
    }

    private static TaskCompletionSource Completed()
    {
        TaskCompletionSource completed = new();
        completed.SetResult();
        return completed;
    }
}
