using System.CommandLine;
using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Modules;
using ECapture.Cli.Doctor;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.Remote;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture tls</c>, <c>ecapture bash</c> …: one module, straight to the terminal or into a file; no log, no store.</summary>
internal static class TerminalCommand
{
    /// <summary>Makes the command of each module.</summary>
    internal static IEnumerable<Command> CreateAll() => TerminalModule.All.Select(Create);

    private static Command Create(TerminalModule module)
    {
        bool isHere = CaptureModules.Names.Contains(module.Name);
        Command command = CommandRunner.Create(
            module.Name,
            isHere ? module.Description + " Needs root." : module.Description + " Not available in this build.",
            TerminalExamples.Of(module),
            [.. TerminalOptions.Of(module), .. TerminalOptions.Common],
            (options, cancellationToken) => RunAsync(module, options, cancellationToken));
        if (module.Kind == TerminalKind.Tls)
        {
            command.Arguments.Add(TerminalOptions.PacketFilter);
        }

        foreach (string alias in module.Aliases)
        {
            command.Aliases.Add(alias);
        }

        return command;
    }

    private static async Task<int> RunAsync(TerminalModule module, OptionReader options, CancellationToken cancellationToken)
    {
        if (!CaptureModules.Names.Contains(module.Name))
        {
            throw new UsageException($"{module.Name}: not available in this build; the modules are {string.Join(", ", CaptureModules.Names)}");
        }

        TerminalPlan plan = TerminalPlan.Read(module, options);
        if (!UnixAccount.IsRoot)
        {
            throw new UsageException($"{module.Name}: needs root (CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE); `ecapture doctor` says what is missing");
        }

        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start(module.Name, options, LevelOf(plan.IsDebug));
        using TerminalOutputs outputs = await TerminalOutputs.OpenAsync(plan, cancellationToken);
        foreach (string note in plan.Notes)
        {
            outputs.Say(note);
        }

        await using EventReceiver receiver = new(outputs.Output);
        bool isDebug = plan.IsDebug;
        RunningSettings settings = new(
            module.Name,
            new RemoteSettings(plan.Filter.Rules, plan.Text.Current, plan.ExitStatus, plan.IsDebug),
            plan.StartedWith,
            next => receiver.Change(() =>
            {
                plan.Filter.Rules = next.Rules;
                plan.Text.Current = next.Text;
                outputs.ExitStatus = next.ExitStatus;
                if (next.Debug != isDebug)
                {
                    isDebug = next.Debug;
                    telemetry.LeastLevel = LevelOf(isDebug);
                }
            }),
            what => receiver.Say(new AgentState { State = AgentState.Types.State.Configured, Module = module.Name, Detail = what }));
        using SettingsFile? file = plan.SettingsFile is null ? null : Watch(plan.SettingsFile, settings, outputs.Say);
        TerminalSession session = new(plan.Capture, receiver, telemetry.Loggers);
        string state = "starting";
        await using ConfigServer? remote = plan.Listen is null ? null : await ListenAsync(plan.Listen, settings, () => state, outputs.Say, cancellationToken);
        try
        {
            await session.RunAsync(
                agent =>
                {
                    outputs.Begin();
                    state = Ready(plan, agent);
                    outputs.Say(state + "; Ctrl-C ends it");
                },
                cancellationToken);
            return ExitCode.Ok;
        }
        catch (CaptureException e) when (!e.IsUsage && HostChecks.MissingForCapture() is { Length: > 0 } missing)
        {
            throw new UsageException($"{e.Message}; this host lacks {missing}");
        }
    }

    private static LogLevel LevelOf(bool isDebug) => isDebug ? LogLevel.Debug : LogLevel.Warning;

    private static SettingsFile Watch(string path, RunningSettings settings, Action<string> say)
    {
        try
        {
            return SettingsFile.Open(path, settings, say);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{TerminalOptions.Settings.Name}: {e.Message}");
        }
    }

    private static async Task<ConfigServer> ListenAsync(
        ConfigServerOptions options, RunningSettings settings, Func<string> state, Action<string> say, CancellationToken cancellationToken)
    {
        ConfigServer server = new(settings, options, state);
        try
        {
            await server.StartAsync(cancellationToken);
            say($"the configuration is changed at {server.Address}{settings.Module}");
            return server;
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            throw new UsageException($"{TerminalOptions.Listen.Name}: cannot listen on {options.Address}: {e.Message}");
        }
    }

    private static string Ready(TerminalPlan plan, CaptureAgent agent)
    {
        IEnumerable<string> running = agent.Outcomes
            .Where(o => plan.Capture.Modules.Contains(o.Name))
            .Select(o => o.IsRunning ? $"{o.Name} ({(o.Detail.Length == 0 ? "on" : o.Detail)})" : $"{o.Name} does not run: {o.Detail}");
        string where = plan.File is null ? "" : $" into {plan.File}";
        return $"capturing {string.Join(", ", running)}{where}";
    }
}
