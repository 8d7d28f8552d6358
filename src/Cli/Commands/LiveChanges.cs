using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Bpf;
using ECapture.Terminal;
using ECapture.Terminal.Remote;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary>Puts other settings in force while a terminal command runs, and knows how it is.</summary>
internal sealed class LiveChanges(
    TerminalPlan plan, TerminalSession session, EventReceiver receiver, TerminalOutputs outputs, Telemetry.Telemetry telemetry, RemoteSettings start)
{
    private readonly Lock _lock = new();
    private string _state = "starting";
    private RemoteSettings _now = start;

    /// <summary>What is captured, in a line.</summary>
    internal string State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>Least level of messages.</summary>
    internal static LogLevel LevelOf(bool isDebug) => isDebug ? LogLevel.Debug : LogLevel.Warning;

    /// <summary>An agent runs.</summary>
    internal void Runs(CaptureAgent agent)
    {
        IEnumerable<string> running = agent.Outcomes
            .Where(o => plan.Capture.Modules.Contains(o.Name))
            .Select(o => o.IsRunning ? $"{o.Name} ({(o.Detail.Length == 0 ? "on" : o.Detail)})" : $"{o.Name} does not run: {o.Detail}");
        string where = plan.File is null ? "" : $" into {plan.File}";
        lock (_lock)
        {
            _state = $"capturing {string.Join(", ", running)}{where}";
        }
    }

    /// <summary>Puts settings in force between two events. Other BPF objects first: they are what may fail.</summary>
    /// <exception cref="CaptureException">The objects cannot be used; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">The command ends.</exception>
    internal async Task ApplyAsync(RemoteSettings next)
    {
        if (next.Objects == _now.Objects)
        {
            receiver.Change(() => Set(next));
            return;
        }

        bool runs = false;
        try
        {
            await session.SwitchAsync(
                plan.CaptureWith(next.Objects),
                agent =>
                {
                    runs = true;
                    Set(next);
                    Runs(agent);
                }).ConfigureAwait(false);
        }
        catch (CaptureException e) when (runs)
        {
            outputs.Say($"the objects are changed, but those before did not end well: {e.Message}");
        }

        if (!runs)
        {
            receiver.Change(() => Set(next)); // capture has not begun
        }

        KernelFit fit = plan.FitOf(next.Objects);
        outputs.Say(TerminalPlan.Describe(fit) ?? fit.Reason);
    }

    private void Set(RemoteSettings next)
    {
        plan.Filter.Rules = next.Rules;
        plan.Text.Current = next.Text;
        outputs.ExitStatus = next.ExitStatus;
        if (next.Debug != _now.Debug)
        {
            telemetry.LeastLevel = LevelOf(next.Debug);
        }

        _now = next;
    }
}
