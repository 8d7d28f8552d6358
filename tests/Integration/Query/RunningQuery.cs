using ECapture.Query;
using ECapture.Storage.Reading;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Querying;

/// <summary>The query service in this process, on a free port.</summary>
internal sealed class RunningQuery : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly Task _run;

    private RunningQuery(Uri address, Task run, CancellationTokenSource stop) => (Address, _run, _stop) = (address, run, stop);

    public Uri Address { get; }

    public static Task<RunningQuery> StartAsync(EventStoreReader store) =>
        StartAsync(new QueryServiceOptions { Store = store, Listen = "http://127.0.0.1:0", Configure = b => b.Logging.ClearProviders() });

    /// <summary>Starts it as the options say; nobody else is told that it started.</summary>
    public static async Task<RunningQuery> StartAsync(QueryServiceOptions options)
    {
        var started = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stop = new CancellationTokenSource();
        Task run = QueryService.RunAsync(
            new QueryServiceOptions
            {
                Store = options.Store,
                Journal = options.Journal,
                Tokens = options.Tokens,
                RequireToken = options.RequireToken,
                FourEyes = options.FourEyes,
                Releases = options.Releases,
                TimeLimit = options.TimeLimit,
                Certificate = options.Certificate,
                ClientAuthorities = options.ClientAuthorities,
                Listen = options.Listen,
                Started = started.SetResult,
                Configure = options.Configure,
            },
            stop.Token);
        if (await Task.WhenAny(started.Task, run) == run)
        {
            await run;
            throw new InvalidOperationException("the service ended before it listened");
        }

        return new RunningQuery(await started.Task, run, stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }
}
