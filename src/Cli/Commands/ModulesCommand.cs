using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules;
using ECapture.Cli.Doctor;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture modules</c>: the modules of the agent that runs, or what this host would give.</summary>
internal static class ModulesCommand
{
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the report as JSON");
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal static Command Create() => CommandRunner.Create(
        "modules",
        "List the modules: what each is attached to, in which versions, how many events it gave, how many were lost, and how often its probes were hit for something to record. Of the agent that runs on the data directory; where none does, every module is attached for a moment to say what this host would give. Needs root.",
        [
            "sudo ecapture modules",
            "sudo ecapture modules --json | jq '.modules[] | select(.lost > 0)'",
        ],
        [CommonOptions.Data, s_json],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        if (!UnixAccount.IsRoot)
        {
            throw new UsageException("modules: needs root: only root may ask the agent, or attach anything");
        }

        DataDirectory data = Composition.DataOf(options);
        AgentReport? running = await AgentSocket.AskAsync(data.Root, cancellationToken);
        AgentReport report = running ?? await TrialRun.RunAsync(new CaptureOptions { Modules = CaptureModules.Names }, cancellationToken);
        IReadOnlyList<ListedModule> modules = [.. report.Modules.OrderBy(m => m.Name, StringComparer.Ordinal).Select(ListedModule.Of)];
        if (options.IsSet(s_json))
        {
            options.Output.WriteLine(JsonSerializer.Serialize(
                new { agent = running is null ? null : new { running.Pid, running.Run }, secrets = report.Secrets, modules, notRunning = NotRunning(report) }, s_format));
            return ExitCode.Ok;
        }

        options.Output.WriteLine(running is null
            ? $"no agent runs on {data.Root}; this host would give:"
            : string.Create(CultureInfo.InvariantCulture, $"agent {running.Pid}, run {running.Run}, {report.Secrets} TLS secrets"));
        Print(modules, options.Output, hasCounts: running is not null);
        if (running is not null && NotRunning(report) is { Length: > 0 } others)
        {
            options.Output.WriteLine($"not asked for: {string.Join(", ", others)}");
        }

        return ExitCode.Ok;
    }

    private static string[] NotRunning(AgentReport report) => [.. CaptureModules.Names.Except(report.Modules.Select(m => m.Name))];

    private static void Print(IReadOnlyList<ListedModule> modules, TextWriter output, bool hasCounts)
    {
        foreach (ListedModule module in modules)
        {
            string counts = hasCounts ? string.Create(CultureInfo.InvariantCulture, $"  {module.Events} events, {module.Lost} lost{Hits(module.Probes)}") : "";
            output.WriteLine($"{module.Name,-10}  {(module.IsRunning ? "runs  " : "failed")}{counts}{(module.Detail.Length > 0 ? "  " + module.Detail : "")}");
            foreach (ListedTarget target in module.Targets)
            {
                string version = string.Join(", ", new[] { target.Version, target.BuildId.Length > 0 ? $"build id {target.BuildId}" : "" }.Where(v => v.Length > 0));
                output.WriteLine($"    {target.Path}{(version.Length > 0 ? $" ({version})" : "")}: {target.Attached}{(target.AttachWindowMs > 0 ? string.Create(CultureInfo.InvariantCulture, $", {target.AttachWindowMs:0} ms after its first process began") : "")}");
            }
        }
    }

    private static string Hits(ProbeCounts? probes) => probes is { Hits: > 0 } or { Missed: > 0 }
        ? string.Create(CultureInfo.InvariantCulture, $", {probes.Hits} hits{(probes.Missed > 0 ? $", {probes.Missed} missed" : "")}")
        : "";

    private sealed record ListedTarget(string Path, string Version, string BuildId, string Attached, double AttachWindowMs);

    private sealed record ListedModule(string Name, bool IsRunning, string Detail, long Events, long Lost, ProbeCounts? Probes, IReadOnlyList<ListedTarget> Targets)
    {
        internal static ListedModule Of(ModuleStatus status) => new(
            status.Name, status.IsRunning, status.Detail, status.Events, status.Lost, status.Probes, [.. status.Targets.Select(t => ListTarget(t, status.Name))]);

        private static ListedTarget ListTarget(ModuleTarget target, string module)
        {
            (string version, string buildId) = target.AccessPath.Length > 0 ? FileVersion.Read(target.AccessPath, target.Path, module) : ("", "");
            return new ListedTarget(target.Path, version, buildId, target.Attached, target.WindowNs / 1e6);
        }
    }
}
