using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ECapture.Tests.Support.Network;

/// <summary>
/// A network between clients and one server of this machine that can be cut, stalled and slowed, for each client by itself when the first bytes of a
/// connection tell who it is.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ReadOnlySpan<byte>, string?>? _clientOf;
    private readonly ConcurrentDictionary<string, ProxyLink> _links = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <summary>Listens on a free port.</summary>
    /// <param name="clientOf">The client's name from the first bytes of a connection, null while they are too few; without it all are one link, "".</param>
    public TcpProxy(Func<ReadOnlySpan<byte>, string?>? clientOf = null)
    {
        _clientOf = clientOf;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The server's port on 127.0.0.1.</summary>
    public int TargetPort { get; set; }

    /// <summary>Sets what becomes of the connections of a client.</summary>
    public void Set(string client, LinkState state) => Link(client).Set(state);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (ProxyLink link in _links.Values)
        {
            link.Set(LinkState.Cut);
        }

        _stop.Dispose();
    }

    private ProxyLink Link(string client) => _links.GetOrAdd(client, _ => new ProxyLink());

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                _ = ServeAsync(client, _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // It ends, or the client was gone before it was accepted.
            }
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellationToken)
    {
        using Socket server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        ProxyLink? link = null;
        try
        {
            client.NoDelay = true;
            byte[] buffer = new byte[64 * 1024];
            int length = 0;
            string? name = _clientOf is null ? "" : null;
            while (name is null)
            {
                int read = await client.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    return;
                }

                length += read;
                name = _clientOf!(buffer.AsSpan(0, length));
            }

            link = Link(name);
            if (!link.TryAdd(client, server))
            {
                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, TargetPort, cancellationToken);
            await link.PassAsync(cancellationToken);
            await server.SendAsync(buffer.AsMemory(0, length), cancellationToken);
            await await Task.WhenAny(PumpAsync(client, server, link, buffer, cancellationToken), PumpAsync(server, client, link, new byte[64 * 1024], cancellationToken));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side is gone: the other is told below.
        }
        finally
        {
            link?.Remove(client, server);
            ProxyLink.Reset(client);
        }
    }

    // The end of one direction ends the connection: none of the protocols here closes one half.
    private static async Task PumpAsync(Socket from, Socket to, ProxyLink link, byte[] buffer, CancellationToken cancellationToken)
    {
        while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and int length)
        {
            await link.PassAsync(cancellationToken);
            for (int sent = 0; sent < length;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), cancellationToken);
            }
        }
    }
}
