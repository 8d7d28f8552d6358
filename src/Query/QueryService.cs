using System.Net;
using ECapture.Query.Api;
using ECapture.Query.Callers;
using ECapture.Query.Releases;
using ECapture.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace ECapture.Query;

/// <summary>The HTTP API over a store.</summary>
public static class QueryService
{
    /// <summary>Refuses an address that cannot be listened on, before anything is opened.</summary>
    /// <param name="listen">As <see cref="QueryServiceOptions.Listen"/>.</param>
    /// <param name="allowInsecure">As <see cref="QueryServiceOptions.AllowInsecureListen"/>.</param>
    /// <param name="hasCertificate">As <see cref="QueryServiceOptions.Certificate"/>.</param>
    /// <exception cref="FormatException">It cannot be used; the message is one line for the user.</exception>
    public static void CheckListen(string listen, bool allowInsecure, bool hasCertificate) => ListenAddress.Parse(listen, allowInsecure, hasCertificate);

    /// <summary>Serves until it is cancelled; requests under way are given a moment to end.</summary>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the service.</param>
    /// <exception cref="FormatException">The address cannot be used; the message is one line for the user.</exception>
    /// <exception cref="ReleaseException">The releases of four eyes cannot be read or kept.</exception>
    public static async Task RunAsync(QueryServiceOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.FourEyes && !options.AsksEverybody)
        {
            throw new FormatException("four eyes need names: callers without a token are all the same person; add --require-token, or serve https");
        }

        IPEndPoint endPoint = ListenAddress.Parse(options.Listen, options.AllowInsecureListen, options.Certificate is not null);
        using ReleaseFile? releaseFile = options is { FourEyes: true, Releases: { } directory } ? ReleaseFile.Open(directory) : null;
        KeyReleases? releases = options.FourEyes ? new KeyReleases(releaseFile) : null;
        using var access = new AccessControl(options.Journal, options.Tokens, !options.AsksEverybody, TimeProvider.System);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MinResponseDataRate = null; // a reader may pause: tshark on a pipe, a pager
            kestrel.Listen(endPoint, listen =>
            {
                if (options.Certificate is { } certificate)
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        if (options.ClientAuthorities is { } authorities)
                        {
                            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                            https.ClientCertificateValidation = (client, _, _) => ClientCertificates.IsSigned(client, authorities);
                        }
                    });
                }
            });
        });
        if (options.Certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddOpenApi(OpenApiDescription.Configure);
        options.Configure?.Invoke(builder);
        WebApplication app = builder.Build();
        await using (app.ConfigureAwait(false))
        {
            app.UseMiddleware<ProblemMiddleware>();
            app.UseMiddleware<TimeLimitMiddleware>(options);
            if (IPAddress.IsLoopback(endPoint.Address))
            {
                app.UseMiddleware<LoopbackHostMiddleware>();
            }

            app.Use(next => context => access.InvokeAsync(context, next));
            app.MapOpenApi("/openapi/v1.json");
            app.MapQueryApi(options, releases);
            options.Map?.Invoke(app);
            app.MapWebFiles();
            try
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                throw new FormatException($"cannot listen on {options.Listen}: {(e.InnerException ?? e).Message}; is another service there? Choose a port with --listen", e);
            }

            options.Started?.Invoke(new Uri(app.Urls.First()));
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
