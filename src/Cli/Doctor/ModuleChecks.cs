using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Modules;

namespace ECapture.Cli.Doctor;

/// <summary>Attaches each module as capture would, says what came of it, and detaches it.</summary>
internal static class ModuleChecks
{
    private const string Area = "module";

    internal static async Task<IReadOnlyList<Finding>> RunAsync(CaptureOptions options, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [.. CaptureModules.Names.Select(n => new Finding(Area, n, Verdict.Missing, "not tried: needs root", "run `ecapture doctor` as root"))];
        }

        List<Finding> findings = [];
        foreach (string name in CaptureModules.Names)
        {
            findings.Add(await TryAsync(options with { Modules = [name] }, name, cancellationToken));
        }

        return findings;
    }

    private static async Task<Finding> TryAsync(CaptureOptions options, string name, CancellationToken cancellationToken)
    {
        try
        {
            AgentReport report = await TrialRun.RunAsync(options, cancellationToken);
            ModuleStatus? status = report.Modules.FirstOrDefault(m => m.Name == name);
            return status is { IsRunning: true }
                ? new Finding(Area, name, Verdict.Ok, status.Detail.Length == 0 ? "attaches" : status.Detail)
                : new Finding(Area, name, Verdict.Missing, status?.Detail ?? "did not start");
        }
        catch (CaptureException e)
        {
            return new Finding(Area, name, Verdict.Missing, e.Message);
        }
    }
}
