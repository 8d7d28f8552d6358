using System.Net;
using System.Security.Cryptography;
using System.Text;
using ECapture.Terminal.Delivery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ECapture.Terminal.ECaptureQ;

/// <summary>
/// The server that eCaptureQ connects to: a heartbeat first, what the command said of itself so far (the first 129 lines), then everything as it comes, and a
/// heartbeat every 15 s. A client that falls behind is dropped with a notice; the others and capture do not wait for it.
/// </summary>
internal sealed class QServer : IRecordTarget
{
    private const int MostReplayed = 129;
    private const int MostClients = 64;
    private static readonly TimeSpan s_endLimit = TimeSpan.FromMilliseconds(700);

    private readonly QServerOptions _options;
    private readonly Action<string> _say;
    private readonly Lock _lock = new();
    private readonly List<QClient> _clients = [];
    private readonly List<byte[]> _replay = [];
    private readonly CancellationTokenSource _stop = new();
    private WebApplication? _app;
    private long _nextBeat;
    private long _beats;

    internal QServer(QServerOptions options, Action<string> say)
    {
        _options = options;
        _say = say;
        _nextBeat = Environment.TickCount64 + (long)options.HeartbeatEvery.TotalMilliseconds;
    }

    /// <summary>Where it listens, with its true port.</summary>
    internal Uri Address { get; private set; } = new("ws://localhost");

    /// <summary>Clients that are connected.</summary>
    internal int Clients
    {
        get
        {
            lock (_lock)
            {
                return _clients.Count;
            }
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address is in use, or not of this machine.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            void Listen(Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions listen)
            {
                if (_options.Certificate is { } certificate)
                {
                    listen.UseHttps(certificate);
                }
            }

            if (IPAddress.TryParse(_options.Address.Host.Trim('[', ']'), out IPAddress? address))
            {
                kestrel.Listen(address, _options.Address.Port, Listen);
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, _options.Address.Port, Listen);
            }
        });
        if (_options.Certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(ServeAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        string bound = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Address = new UriBuilder(bound) { Scheme = _options.Address.Scheme }.Uri;
    }

    /// <summary>Sends a line that the command says of itself, now and to those who come later.</summary>
    internal void Say(string line) => Send(LogEntryFormat.RunLog(line), isReplayed: true);

    /// <summary>Sends an encoded <c>LogEntry</c>.</summary>
    public void Write(ReadOnlySpan<byte> record) => Send(record.ToArray(), isReplayed: false);

    /// <inheritdoc/>
    public void Tick()
    {
        if (Environment.TickCount64 >= _nextBeat)
        {
            _nextBeat = Environment.TickCount64 + (long)_options.HeartbeatEvery.TotalMilliseconds;
            Send(LogEntryFormat.Heartbeat(Now(), ++_beats), isReplayed: false);
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        lock (_lock)
        {
            _clients.ForEach(c => c.Finish());
        }

        _stop.CancelAfter(s_endLimit);
        _app?.StopAsync(_stop.Token).Wait(CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _app?.DisposeAsync().AsTask().Wait(CancellationToken.None);
        _stop.Dispose();
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private void Send(byte[] message, bool isReplayed)
    {
        lock (_lock)
        {
            if (isReplayed && _replay.Count < MostReplayed)
            {
                _replay.Add(message);
            }

            foreach (QClient client in _clients)
            {
                client.Offer(message);
            }
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!MayConnect(context))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (Clients >= MostClients)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using System.Net.WebSockets.WebSocket socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        using QClient client = new(socket, _options.MostQueuedBytes);
        lock (_lock)
        {
            client.Offer(LogEntryFormat.Heartbeat(Now(), 0));
            _replay.ForEach(client.Offer);
            _clients.Add(client);
        }

        try
        {
            await client.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _clients.Remove(client);
            }

            if (client.IsTooSlow)
            {
                TerminalMetrics.Lost.Add(1);
                _say($"a client of eCaptureQ at {context.Connection.RemoteIpAddress} fell {_options.MostQueuedBytes} bytes behind and was dropped");
            }
        }
    }

    // Without a token, a page in a browser on this machine must not read along: browsers say where a page is from.
    private bool MayConnect(HttpContext context)
    {
        if (_options.Token is null)
        {
            string origin = context.Request.Headers.Origin.ToString();
            return origin.Length == 0 || !origin.StartsWith("http", StringComparison.OrdinalIgnoreCase)
                || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.IsLoopback);
        }

        const string Bearer = "Bearer ";
        string header = context.Request.Headers.Authorization.ToString();
        string shown = header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..] : context.Request.Query["token"].ToString();
        return CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(_options.Token)));
    }
}
