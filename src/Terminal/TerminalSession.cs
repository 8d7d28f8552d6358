using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Log.Streams;
using Microsoft.Extensions.Logging;

namespace ECapture.Terminal;

/// <summary>One run of a terminal command: the agent with its modules, straight into an output; no log, no store.</summary>
internal sealed class TerminalSession(CaptureOptions options, EventReceiver receiver, ILoggerFactory loggers)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Captures until it is cancelled or the output fails; everything is detached and written then.</summary>
    /// <param name="ready">Called once the modules run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CaptureException">Nothing can be captured.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    internal async Task RunAsync(Action<CaptureAgent> ready, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CaptureAgent agent = new(options, receiver, loggers);
        Task running = agent.RunAsync(stopping.Token);
        Task ticking = Task.CompletedTask;
        try
        {
            await agent.Started.ConfigureAwait(false);
            ready(agent);
            ticking = TickAsync(receiver, stopping.Token);
            await Task.WhenAny(running, receiver.Failed, ticking).ConfigureAwait(false);
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
            receiver.Complete();
        }

        if (ticking.IsFaulted)
        {
            await ticking.ConfigureAwait(false); // why it ended
        }
    }

    private static async Task TickAsync(EventReceiver receiver, CancellationToken cancellationToken)
    {
        AgentClock clock = new();
        using PeriodicTimer timer = new(s_tick);
        while (!cancellationToken.IsCancellationRequested)
        {
            receiver.Tick(clock.BootNs);
            await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
