using ECapture.Capture;
using ECapture.Capture.Agent;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Cli.Doctor;

/// <summary>A run of the agent that attaches modules as capture would, says what came of it, and detaches them; what it sees is nobody's record.</summary>
internal static class TrialRun
{
    /// <summary>Runs the modules for a moment.</summary>
    /// <exception cref="CaptureException">None of them can run.</exception>
    internal static async Task<AgentReport> RunAsync(CaptureOptions options, CancellationToken cancellationToken)
    {
        await using DiscardingLog log = new();
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CaptureAgent agent = new(options with { KeepSecretsOpen = true }, log, NullLoggerFactory.Instance);
        Task run = agent.RunAsync(stopping.Token);
        try
        {
            await agent.Started;
            return await agent.ReportAsync();
        }
        finally
        {
            await stopping.CancelAsync();
            await run.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
