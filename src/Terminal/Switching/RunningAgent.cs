using ECapture.Capture;
using ECapture.Capture.Agent;
using Microsoft.Extensions.Logging;

namespace ECapture.Terminal.Switching;

/// <summary>An agent that runs, with its way into the receiver.</summary>
internal sealed class RunningAgent
{
    private readonly CancellationTokenSource _stopping;

    private RunningAgent(CaptureOptions options, AgentEvents events, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Events = events;
        Agent = new CaptureAgent(options, events, loggers);
        Running = Agent.RunAsync(_stopping.Token);
    }

    /// <summary>The agent.</summary>
    internal CaptureAgent Agent { get; }

    /// <summary>What it gives.</summary>
    internal AgentEvents Events { get; }

    /// <summary>Ends with it, and fails as it does.</summary>
    internal Task Running { get; }

    /// <summary>Starts one.</summary>
    internal static RunningAgent Start(CaptureOptions options, AgentEvents events, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        new(options, events, loggers, cancellationToken);

    /// <summary>Ends it: it has given everything and nothing of it is attached then.</summary>
    /// <exception cref="CaptureException">It had failed.</exception>
    internal async Task EndAsync()
    {
        try
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await Running.ConfigureAwait(false);
        }
        finally
        {
            _stopping.Dispose();
        }
    }

    /// <summary>Compares what runs in two agents that have started.</summary>
    /// <exception cref="CaptureException">A module runs in the other one and not in this one.</exception>
    internal void MustReplace(RunningAgent other)
    {
        string[] missing =
        [
            .. Agent.Outcomes.Where(o => !o.IsRunning && other.Agent.Outcomes.Any(f => f.IsRunning && f.Name == o.Name)).Select(o => $"module {o.Name} does not run: {o.Detail}"),
        ];
        if (missing.Length > 0)
        {
            throw new CaptureException(string.Join("; ", missing));
        }
    }
}
