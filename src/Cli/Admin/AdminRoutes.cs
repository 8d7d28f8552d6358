using System.Security.Cryptography;
using System.Text;
using ECapture.Sink.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ECapture.Cli.Admin;

/// <summary>
/// <c>POST /admin/v1/NAME</c> of a service that owns its store. Who may call it is who may read the service's file under DATA/run, which holds the key: a page in a
/// browser, another user of this machine and a proxy in front of the API may not.
/// </summary>
internal sealed class AdminRoutes : IDisposable
{
    /// <summary>The header that carries the key.</summary>
    internal const string KeyHeader = "X-ECapture-Admin";

    private const string Path = "/admin/v1/{name}";

    private readonly byte[] _key;
    private readonly Func<OperationParameters, TextWriter, OperationContext> _context;
    private readonly Func<string, Func<OperationContext, CancellationToken, Task<int>>?> _find;
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <param name="key">The key that is asked for.</param>
    /// <param name="context">Makes what an operation is given.</param>
    /// <param name="find">The operation of a name; null: <see cref="AdminOperations.Find"/>.</param>
    internal AdminRoutes(
        string key, Func<OperationParameters, TextWriter, OperationContext> context, Func<string, Func<OperationContext, CancellationToken, Task<int>>?>? find = null)
    {
        _find = find ?? AdminOperations.Find;
        _key = Encoding.UTF8.GetBytes(key);
        _context = context;
    }

    /// <summary>A key that nobody guesses.</summary>
    internal static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    internal void Map(IEndpointRouteBuilder app) =>
        app.MapPost(Path, (Delegate)((HttpContext context, string name) => RunAsync(context, name))).ExcludeFromDescription();

    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>Answers a request.</summary>
    internal async Task RunAsync(HttpContext http, string name)
    {
        HttpResponse response = http.Response;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(http.Request.Headers[KeyHeader].ToString()), _key))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (_find(name) is not { } operation)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        http.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true; // a writer that flushes itself begins with a flush
        StreamWriter output = new(response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        await using (output)
        {
            if (AdminOperations.RunsBeside(name))
            {
                await ReportAsync(http, operation, output);
                return;
            }

            await _oneAtATime.WaitAsync(http.RequestAborted);
            try
            {
                await ReportAsync(http, operation, output);
            }
            finally
            {
                _oneAtATime.Release();
            }
        }
    }

    private Task ReportAsync(HttpContext http, Func<OperationContext, CancellationToken, Task<int>> operation, StreamWriter output)
    {
        OperationParameters parameters = new(http.Request.Query.Select(p => KeyValuePair.Create(p.Key, p.Value.ToString())));
        return AdminReport.WriteAsync(output, () => operation(_context(parameters, output), http.RequestAborted));
    }
}
