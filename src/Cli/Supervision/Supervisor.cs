using ECapture.Cli.Options;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Supervision;

/// <summary>
/// Keeps capture (privileged) and the service (sink + query, unprivileged) running: starts the service first, so that capture knows whom to leave out;
/// starts again what fails, later and later; stops both when either cannot start at all.
/// </summary>
internal sealed partial class Supervisor(
    Func<ChildProcess> startService, Func<ChildProcess> startCapture, DataDirectory data, ILogger<Supervisor> logger)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_goodRun = TimeSpan.FromMinutes(1);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="onReady">Called once, when both say that they are ready.</param>
    /// <param name="cancellationToken">Stops both.</param>
    /// <returns>The exit code.</returns>
    internal async Task<int> RunAsync(Action<ServiceFile, ServiceFile> onReady, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ChildProcess? capture = null;
        ChildProcess? service = null;
        try
        {
            TaskCompletionSource<ChildProcess> serviceReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<int> serviceLoop = KeepAsync(
                () => service = startService(),
                child =>
                {
                    capture?.Tell($"exclude {child.Pid}");
                    serviceReady.TrySetResult(child);
                },
                "service",
                stopping.Token);
            await Task.WhenAny(serviceReady.Task, serviceLoop);
            if (!serviceReady.Task.IsCompleted)
            {
                return await serviceLoop;
            }

            TaskCompletionSource captureReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<int> captureLoop = KeepAsync(
                () =>
                {
                    capture = startCapture();
                    capture.Tell($"exclude {Environment.ProcessId}");
                    capture.Tell($"exclude {service!.Pid}");
                    return capture;
                },
                _ => captureReady.TrySetResult(),
                "capture",
                stopping.Token);

            Task<int> ended = await Task.WhenAny(serviceLoop, captureLoop, ReadyAsync());
            int code = await ended;
            await stopping.CancelAsync();
            return code;

            async Task<int> ReadyAsync()
            {
                await captureReady.Task;
                if (ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, "service")) is { } s
                    && ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, "capture")) is { } c)
                {
                    onReady(s, c);
                }

                return await await Task.WhenAny(serviceLoop, captureLoop);
            }
        }
        finally
        {
            await stopping.CancelAsync();
            foreach (ChildProcess? child in new[] { capture, service })
            {
                if (child is not null && !await child.StopAsync(s_patience))
                {
                    LogKilled(child.Name, s_patience.TotalSeconds);
                }

                child?.Dispose();
            }
        }
    }

    private async Task<int> KeepAsync(
        Func<ChildProcess> start, Action<ChildProcess> onReady, string service, CancellationToken cancellationToken)
    {
        TimeSpan pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            long begun = Environment.TickCount64;
            ChildProcess child = start();
            try
            {
                Task exit = child.WaitForExitAsync(cancellationToken);
                Task<bool> ready = WaitUntilReadyAsync(child, ServiceFile.PathOf(data.Root, service), exit);
                if (await ready)
                {
                    onReady(child);
                }

                await exit;
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Ok; // the child is stopped by RunAsync
            }

            if (child.ExitCode is ExitCode.Usage)
            {
                return ExitCode.Usage; // it has said why
            }

            pause = TimeSpan.FromMilliseconds(Environment.TickCount64 - begun) > s_goodRun ? TimeSpan.FromSeconds(1) : pause;
            LogRestart(child.Name, child.ExitCode, pause.TotalSeconds);
            try
            {
                await Task.Delay(pause, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Ok;
            }

            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, s_longestPause.Ticks));
        }
    }

    // A child is ready when its file names its process.
    private static async Task<bool> WaitUntilReadyAsync(ChildProcess child, string path, Task exit)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while (!exit.IsCompleted)
        {
            if (ServiceFile.ReadLive(path)?.Pid == child.Pid)
            {
                return true;
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Child} ended with exit code {Code}; it starts again in {Seconds} s")]
    private partial void LogRestart(string child, int code, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Child} did not stop within {Seconds} s and was killed")]
    private partial void LogKilled(string child, double seconds);
}
