using System.Net;
using ECapture.Cli.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Health;

/// <summary>
/// <c>/health/live</c> (200 while the process answers) and <c>/health/ready</c> (200 when it does its work, else 503 with the reason) for parts that have no API.
/// </summary>
internal sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HealthServer(WebApplication app) => _app = app;

    /// <summary>The address asked for; null: none.</summary>
    /// <exception cref="UsageException">It is no http address.</exception>
    internal static string? AddressOf(OptionReader options) => options.Find(CommonOptions.Health) is not { } address ? null
        : Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme == "http" ? address
        : throw new UsageException($"{CommonOptions.Health.Name}: '{address}' is no http address; for example http://127.0.0.1:9100");

    /// <summary>Starts it.</summary>
    /// <param name="address">As <see cref="AddressOf"/> gives it.</param>
    /// <param name="notReady">The reason why the work is not done now, or null.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="UsageException">The address cannot be used.</exception>
    internal static async Task<HealthServer> StartAsync(string address, Func<string?> notReady, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        WebApplication app = builder.Build();
        app.MapGet("/health/live", () => Results.Text("live\n"));
        app.MapGet("/health/ready", () => notReady() is { } reason
            ? Results.Text(reason + "\n", statusCode: (int)HttpStatusCode.ServiceUnavailable)
            : Results.Text("ready\n"));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw new UsageException($"--health: cannot listen on {address}: {e.Message}");
        }

        return new HealthServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
