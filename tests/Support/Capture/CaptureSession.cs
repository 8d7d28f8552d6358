using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Modules;
using ECapture.Events.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Support.Capture;

/// <summary>The agent in this process, with real probes, writing into memory. Needs root; says so otherwise.</summary>
public sealed class CaptureSession : IAsyncDisposable
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(60);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    private CaptureSession(CaptureAgent agent, RecordingLog log)
    {
        Agent = agent;
        Log = log;
        _run = agent.RunAsync(_stop.Token);
    }

    /// <summary>The agent.</summary>
    public CaptureAgent Agent { get; }

    /// <summary>What it wrote.</summary>
    public RecordingLog Log { get; }

    /// <summary>All events so far.</summary>
    public IReadOnlyList<Event> Events => Log.Events;

    /// <summary>Starts the agent with the modules named and waits until they run.</summary>
    public static Task<CaptureSession> StartAsync(params string[] modules) => StartAsync(new CaptureOptions { Modules = modules });

    /// <summary>Starts the agent and waits until its modules run.</summary>
    /// <param name="options">What to capture. A module that cannot start fails the test.</param>
    /// <param name="createModule">Makes the modules; default the registry.</param>
    /// <param name="log">Where to; default a new one.</param>
    /// <param name="loggers">Default none.</param>
    public static async Task<CaptureSession> StartAsync(
        CaptureOptions options, Func<string, IModule>? createModule = null, RecordingLog? log = null, ILoggerFactory? loggers = null)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("end-to-end tests attach eBPF programs: run them as root");
        }

        // Tests compare secrets with what clients and servers say they are; those about sealing name a file of keys.
        options = options with { KeepSecretsOpen = options.KeepSecretsOpen || options.SealTo.Count == 0 };
        RecordingLog target = log ?? new RecordingLog();
        CaptureSession session = new(new CaptureAgent(options, target, loggers ?? NullLoggerFactory.Instance, createModule), target);
        await session.Agent.Started;
        IReadOnlyList<Event> events = await target.WaitUntilAsync(
            e => options.Modules.All(m => e.Any(s => s.AgentState?.Module == m)), s_timeout, "the start of the modules");
        if (events.FirstOrDefault(e => e.AgentState?.State == AgentState.Types.State.ModuleFailed) is { } failed)
        {
            await session.DisposeAsync();
            throw new InvalidOperationException($"module {failed.AgentState.Module} does not run here: {failed.AgentState.Detail}");
        }

        return session;
    }

    /// <summary>Waits for an event, past or to come.</summary>
    /// <exception cref="TimeoutException">It did not come; says what there was.</exception>
    public async Task<Event> WaitForAsync(Func<Event, bool> condition, string what, TimeSpan? timeout = null)
    {
        IReadOnlyList<Event> events = await Log.WaitUntilAsync(e => e.Any(condition), timeout ?? s_timeout, what);
        return events.First(condition);
    }

    /// <summary>Stops the agent; everything it had is in <see cref="Events"/> then.</summary>
    /// <returns>All events.</returns>
    public async Task<IReadOnlyList<Event>> StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
        return Log.Events;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}
