using System.CommandLine;
using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Cli.Doctor;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.Remote;

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

        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start(module.Name, options, LiveChanges.LevelOf(plan.IsDebug));
        using TerminalOutputs outputs = await TerminalOutputs.OpenAsync(plan, cancellationToken);
        foreach (string note in plan.Notes)
        {
            outputs.Say(note);
        }

        EventReceiver receiver = new(outputs.Output);
        TerminalSession session = new(plan.Capture, receiver, telemetry.Loggers);
        RemoteSettings start = new(plan.Filter.Rules, plan.Text.Current, plan.ExitStatus, plan.IsDebug, ObjectFields.NumberOf(plan.Fit.Set));
        LiveChanges changes = new(plan, session, receiver, outputs, telemetry, start);
        using RunningSettings settings = new(
            module.Name,
            start,
            plan.StartedWith,
            plan.FitOf,
            changes.ApplyAsync,
            what => receiver.Say(new AgentState { State = AgentState.Types.State.Configured, Module = module.Name, Detail = what }));
        using SettingsFile? file = plan.SettingsFile is null ? null : Watch(plan.SettingsFile, settings, outputs.Say);
        await using ConfigServer? remote = plan.Listen is null ? null : await ListenAsync(plan.Listen, settings, () => changes.State, outputs.Say, cancellationToken);
        try
        {
            await session.RunAsync(
                agent =>
                {
                    outputs.Begin();
                    changes.Runs(agent);
                    outputs.Say(changes.State + "; Ctrl-C ends it");
                },
                cancellationToken);
            return ExitCode.Ok;
        }
        catch (CaptureException e) when (!e.IsUsage && HostChecks.MissingForCapture() is { Length: > 0 } missing)
        {
            throw new UsageException($"{e.Message}; this host lacks {missing}");
        }
    }

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
}
