using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ECapture.Terminal.Remote;

/// <summary>
/// eCapture's configuration over HTTP for the module that runs: GET says what holds, POST changes it between two events, whole or not at all. Paths and codes are
/// eCapture's.
/// </summary>
/// <param name="settings">What holds, of the module that runs.</param>
/// <param name="options">Who may.</param>
/// <param name="state">Says how the module is.</param>
internal sealed class ConfigServer(RunningSettings settings, ConfigServerOptions options, Func<string> state) : IAsyncDisposable
{
    private const int MostBodyBytes = 64 * 1024;

    private static readonly Dictionary<string, string> s_modules = new(StringComparer.Ordinal)
    {
        ["/tls"] = "tls",
        ["/openssl"] = "tls",
        ["/boringssl"] = "tls",
        ["/gotls"] = "gotls",
        ["/gnutls"] = "gnutls",
        ["/nss"] = "nss",
        ["/nspr"] = "nss",
        ["/bash"] = "bash",
        ["/zsh"] = "zsh",
        ["/mysqld"] = "mysqld",
        ["/postgress"] = "postgres",
        ["/postgres"] = "postgres",
    };

    private readonly Lock _lock = new();
    private WebApplication? _app;
    private long _second;
    private int _requests;

    /// <summary>Where it listens, with its true port.</summary>
    internal Uri Address { get; private set; } = new("http://localhost");

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.Listen(options.Address);
        });
        _app = builder.Build();
        _app.Run(ServeAsync);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromMilliseconds(300));
            await app.StopAsync(limit.Token).ConfigureAwait(false);
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        try
        {
            Check(context.Request);
            string path = context.Request.Path.Value ?? "";
            if (!s_modules.TryGetValue(path.Length > 1 ? path.TrimEnd('/') : path, out string? asked))
            {
                await AnswerAsync(context, StatusCodes.Status404NotFound, RemoteCode.NotFound, $"there is no path {path}").ConfigureAwait(false);
                return;
            }

            if (asked != settings.Module)
            {
                throw new RemoteRefusal(RemoteCode.NotFound, $"module {asked} does not run here: this command is ecapture {settings.Module}");
            }

            switch (context.Request.Method)
            {
                case "GET":
                    await AnswerAsync(context, StatusCodes.Status200OK, RemoteCode.Ok, "").ConfigureAwait(false);
                    break;
                case "POST":
                    await settings.ChangeAsync(await ReadAsync(context.Request).ConfigureAwait(false), "configuration changed over HTTP", isWhole: false).ConfigureAwait(false);
                    await AnswerAsync(context, StatusCodes.Status200OK, RemoteCode.Ok, "").ConfigureAwait(false);
                    break;
                default:
                    await AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, RemoteCode.InvalidRequest, "GET or POST").ConfigureAwait(false);
                    break;
            }
        }
        catch (RemoteRefusal refusal)
        {
            int status = refusal.Code switch
            {
                RemoteCode.InvalidRequest => refusal.Message.StartsWith("too many", StringComparison.Ordinal) ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized,
                RemoteCode.NotApplied => StatusCodes.Status503ServiceUnavailable,
                _ => StatusCodes.Status400BadRequest,
            };
            await AnswerAsync(context, status, refusal.Code, refusal.Message).ConfigureAwait(false);
        }
    }

    // The token first: who has none learns nothing and costs nothing.
    private void Check(HttpRequest request)
    {
        lock (_lock)
        {
            long second = Environment.TickCount64 / 1000;
            _requests = second == _second ? _requests + 1 : 1;
            _second = second;
            if (_requests > options.MostRequests)
            {
                throw new RemoteRefusal(RemoteCode.InvalidRequest, $"too many requests: at most {options.MostRequests} a second");
            }
        }

        const string Bearer = "Bearer ";
        string shown = request.Headers.Authorization.ToString();
        shown = shown.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? shown[Bearer.Length..] : "";
        if (options.Token is { } token && !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(token))))
        {
            throw new RemoteRefusal(RemoteCode.InvalidRequest, "the token is missing or wrong: Authorization: Bearer …");
        }

        // A page in a browser on this machine must not change anything: not by its own requests, not under a name of its own for this address.
        string origin = request.Headers.Origin.ToString();
        string host = request.Host.Host.Trim('[', ']');
        if ((origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.IsLoopback))
            || (host != "localhost" && !(IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address))))
        {
            throw new RemoteRefusal(RemoteCode.InvalidRequest, "not from this machine");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        try
        {
            using MemoryStream body = new();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted).ConfigureAwait(false);
            return body.ToArray();
        }
        catch (BadHttpRequestException e)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"the body cannot be read: {e.Message} At most {MostBodyBytes} bytes are taken.");
        }
    }

    private async Task AnswerAsync(HttpContext context, int status, RemoteCode code, string message)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            json.WriteNumber("code", (int)code);
            json.WriteString("module_type", settings.Module);
            json.WriteString("msg", message);
            json.WritePropertyName("data");
            if (code == RemoteCode.Ok)
            {
                json.WriteStartObject();
                json.WriteString("state", state());
                json.WritePropertyName("config");
                json.WriteRawValue(settings.Describe());
                json.WriteEndObject();
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(output.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }
}
