using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Log.Streams;
using ECapture.Terminal.Switching;
using Microsoft.Extensions.Logging;

namespace ECapture.Terminal;

/// <summary>
/// One run of a terminal command: an agent with its modules, straight into an output; no log, no store. While it runs another agent, with other options, can take the
/// place of the first.
/// </summary>
internal sealed class TerminalSession(CaptureOptions options, EventReceiver receiver, ILoggerFactory loggers)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    // What is under way when another agent takes over (a statement, a command) has that long to end.
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<CancellationToken> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AgentClock _clock = new();
    private CaptureOptions _options = options;
    private bool _hasBegun;
    private bool _isOver;
    private volatile RunningAgent _current = null!;
    private Task _switching = Task.CompletedTask;

    /// <summary>Captures until it is cancelled or the output fails; everything is detached and written then.</summary>
    /// <param name="ready">Called once the modules run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CaptureException">Nothing can be captured.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    internal async Task RunAsync(Action<CaptureAgent> ready, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task ticking = Task.CompletedTask;
        try
        {
            RunningAgent first;
            lock (_lock)
            {
                _hasBegun = true;
                first = _current = RunningAgent.Start(_options, new AgentEvents(receiver), loggers, stopping.Token);
            }

            await first.Agent.Started.ConfigureAwait(false);
            ready(first.Agent);
            ticking = TickAsync(receiver, stopping.Token);
            _ready.SetResult(stopping.Token);
            RunningAgent seen;
            do
            {
                seen = _current;
                await Task.WhenAny(seen.Running, receiver.Failed, ticking).ConfigureAwait(false);
            }
            while (seen != _current && !receiver.Failed.IsCompleted && !ticking.IsCompleted);
        }
        finally
        {
            _ready.TrySetCanceled(CancellationToken.None);
            lock (_lock)
            {
                _isOver = true;
            }

            await stopping.CancelAsync().ConfigureAwait(false);
            await _switching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // who asked for it is told
            await _current.EndAsync().ConfigureAwait(false);
            receiver.Complete();
        }

        if (ticking.IsFaulted)
        {
            await ticking.ConfigureAwait(false); // why it ended
        }
    }

    /// <summary>
    /// Lets an agent with other options take the place of the one that runs. Every event is given once, by one or the other; until the first one has ended the second one's wait in its queue. Where nothing
    /// runs yet, they are the options to begin with. One call at a time.
    /// </summary>
    /// <param name="next">Its options.</param>
    /// <param name="inForce">Called once it runs, when nothing can fail any more.</param>
    /// <exception cref="CaptureException">It cannot do what the one that runs does; that one goes on.</exception>
    /// <exception cref="OperationCanceledException">The session has ended.</exception>
    internal async Task SwitchAsync(CaptureOptions next, Action<CaptureAgent> inForce)
    {
        lock (_lock)
        {
            if (!_hasBegun)
            {
                _options = next;
                return;
            }
        }

        CancellationToken stopping = await _ready.Task.ConfigureAwait(false);
        Task switching;
        lock (_lock)
        {
            switching = _isOver ? Task.FromCanceled(stopping) : SwitchAsync(next, inForce, stopping);
            _switching = switching;
        }

        await switching.ConfigureAwait(false);
    }

    private async Task SwitchAsync(CaptureOptions next, Action<CaptureAgent> inForce, CancellationToken stopping)
    {
        Succession succession = new();
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AgentEvents events = new(receiver);
        events.Give(succession.Second, Task.CompletedTask);
        RunningAgent first = _current;
        RunningAgent second = RunningAgent.Start(next, events, loggers, stopping);
        try
        {
            await second.Agent.Started.ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
            second.MustReplace(first);
        }
        catch
        {
            await second.EndAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            receiver.Change(() =>
            {
                succession.Divide(_clock.BootNs);
                first.Events.Give(succession.First, Task.CompletedTask);
                events.Give(succession.Second, ended.Task);
                inForce(second.Agent);
            });
            _current = second;
            await Task.Delay(s_linger, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            try
            {
                await first.EndAsync().ConfigureAwait(false);
            }
            finally
            {
                ended.SetResult();
            }
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
