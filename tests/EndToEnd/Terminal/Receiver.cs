using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>A receiver of <c>--eventaddr</c> that reads only when it is told to: tcp, ws or wss.</summary>
internal sealed class Receiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _scheme;
    private readonly X509Certificate2? _certificate;
    private TcpClient? _client;
    private Stream? _stream;
    private WebSocket? _socket;

    internal Receiver(string scheme, X509Certificate2? certificate)
    {
        _scheme = scheme;
        _certificate = certificate;
        _listener.Start();
    }

    internal string Address => $"{_scheme}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{(_scheme == "tcp" ? "" : "/events")}";

    public void Dispose()
    {
        Vanish();
        _listener.Dispose();
        _certificate?.Dispose();
    }

    /// <summary>Waits for the next connection and greets it; nothing is read of what it sends then.</summary>
    internal async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _client = await _listener.AcceptTcpClientAsync(cancellationToken);
        _stream = _client.GetStream();
        if (_certificate is not null)
        {
            SslStream tls = new(_stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, cancellationToken);
            _stream = tls;
        }

        _socket = _scheme == "tcp" ? null : await GreetAsync(_stream, cancellationToken);
    }

    /// <summary>Reads until a text has come, on the next connection when this one ends.</summary>
    internal async Task ReadUntilAsync(string wanted, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 20];
        string seen = "";
        while (!seen.Contains(wanted, StringComparison.Ordinal))
        {
            if (_stream is null)
            {
                await ConnectAsync(cancellationToken);
            }

            int count = await ReceiveAsync(buffer, cancellationToken);
            if (count == 0)
            {
                Vanish();
            }

            seen = string.Concat(seen.AsSpan(Math.Max(0, seen.Length - wanted.Length)), Encoding.UTF8.GetString(buffer, 0, count));
        }
    }

    /// <summary>Ends the connection without a word.</summary>
    internal void Vanish()
    {
        _socket?.Dispose();
        _stream?.Dispose();
        _client?.Dispose();
        (_client, _stream, _socket) = (null, null, null);
    }

    private async Task<int> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (_socket is null)
            {
                return await _stream!.ReadAsync(buffer, cancellationToken);
            }

            ValueWebSocketReceiveResult received = await _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            return received.MessageType == WebSocketMessageType.Close ? 0 : received.Count;
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            return 0; // broken off: a stalled WebSocket does not answer pings either
        }
    }

    // RFC 6455, section 4.2
    private static async Task<WebSocket> GreetAsync(Stream stream, CancellationToken cancellationToken)
    {
        StringBuilder request = new();
        byte[] one = new byte[1];
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, cancellationToken);
            request.Append((char)one[0]);
        }

        const string Name = "Sec-WebSocket-Key:";
        string key = request.ToString().Split("\r\n").First(l => l.StartsWith(Name, StringComparison.OrdinalIgnoreCase))[Name.Length..].Trim();
#pragma warning disable CA5350 // RFC 6455 asks for SHA-1; nothing is kept secret by it
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), cancellationToken);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
    }
}
