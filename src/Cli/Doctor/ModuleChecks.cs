using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Modules;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Cli.Doctor;

/// <summary>Attaches each module as capture would, says what came of it, and detaches it.</summary>
internal static class ModuleChecks
{
    private const string Area = "module";

    internal static async Task<IReadOnlyList<Finding>> RunAsync(IReadOnlyList<string> interfaces, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [.. CaptureModules.Names.Select(n => new Finding(Area, n, Verdict.Missing, "not tried: needs root", "run `ecapture doctor` as root"))];
        }

        List<Finding> findings = [];
        foreach (string name in CaptureModules.Names)
        {
            findings.Add(await TryAsync(name, interfaces, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> TryAsync(string name, IReadOnlyList<string> interfaces, CancellationToken cancellationToken)
    {
        CaptureOptions options = new() { Modules = [name], Interfaces = interfaces, KeepSecretsOpen = true }; // nothing is kept
        await using DiscardingLog log = new();
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CaptureAgent agent = new(options, log, NullLoggerFactory.Instance);
        Task run = agent.RunAsync(stopping.Token);
        try
        {
            await agent.Started;
            ModuleOutcome? outcome = agent.Outcomes.FirstOrDefault(o => o.Name == name);
            return outcome is { IsRunning: true }
                ? new Finding(Area, name, Verdict.Ok, outcome.Detail.Length == 0 ? "attaches" : outcome.Detail)
                : new Finding(Area, name, Verdict.Missing, outcome?.Detail ?? "did not start");
        }
        catch (CaptureException e)
        {
            return new Finding(Area, name, Verdict.Missing, e.Message);
        }
        finally
        {
            await stopping.CancelAsync();
            await run.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
