using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Support.Telemetry;

/// <summary>Receives OTLP over HTTP and keeps the bodies; names stand in them as plain UTF-8.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, StringBuilder> _bodies = new();
    private readonly WebApplication _app;

    private OtlpCollector(WebApplication app, string address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>What to give to --otlp.</summary>
    public string Address { get; }

    /// <summary>Starts it on a free port.</summary>
    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken)
    {
        string address = $"http://127.0.0.1:{FreePort.Next()}";
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        WebApplication app = builder.Build();
        OtlpCollector collector = new(app, address);
        app.MapPost("/v1/{signal}", collector.ReceiveAsync);
        await app.StartAsync(cancellationToken);
        return collector;
    }

    /// <summary>True when a body of the signal (metrics, traces, logs) held the name.</summary>
    public bool Has(string signal, string name) =>
        _bodies.TryGetValue(signal, out StringBuilder? body) && Locked(body).Contains(name, StringComparison.Ordinal);

    /// <summary>Waits until every name was received.</summary>
    /// <exception cref="TimeoutException">Names those that were not.</exception>
    public async Task WaitForAsync(string signal, IReadOnlyCollection<string> names, TimeSpan patience, CancellationToken cancellationToken)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (!names.All(n => Has(signal, n)))
        {
            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"no {signal} named {string.Join(", ", names.Where(n => !Has(signal, n)))} within {patience}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(string signal, HttpRequest request)
    {
        using MemoryStream body = new();
        await request.Body.CopyToAsync(body);
        StringBuilder all = _bodies.GetOrAdd(signal, _ => new StringBuilder());
        lock (all)
        {
            all.Append(Encoding.Latin1.GetString(body.ToArray())).Append('\n');
        }

        return Results.Bytes([], "application/x-protobuf");
    }

    private static string Locked(StringBuilder body)
    {
        lock (body)
        {
            return body.ToString();
        }
    }
}
