using System.Collections;
using System.CommandLine;
using ECapture.Capture;
using ECapture.Cli.Options;
using ECapture.Log;
using ECapture.Query.Callers;
using ECapture.Query.Client;
using ECapture.Query.Releases;
using ECapture.Query.Requests;
using ECapture.Sealing;
using ECapture.Sink;
using ECapture.Storage;

namespace ECapture.Cli.Commands;

/// <summary>What every command shares: settings, one-line errors, exit codes.</summary>
internal static class CommandRunner
{
    /// <summary>Makes a command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="examples">Command lines that its help shows.</param>
    /// <param name="options">Its options; the diagnostic ones are added.</param>
    /// <param name="action">What it does; errors are thrown.</param>
    internal static Command Create(
        string name, string description, IReadOnlyList<string> examples, IEnumerable<Option> options, Func<OptionReader, CancellationToken, Task<int>> action)
    {
        Command command = new(name, description);
        foreach (Option option in options.Concat(CommonOptions.Diagnostics))
        {
            command.Options.Add(option);
        }

        ExampleHelp.AddTo(command, examples);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, action, cancellationToken));
        return command;
    }

    /// <summary>Makes a command that only has commands below it; its help shows the first example of each.</summary>
    internal static Command CreateGroup(string name, string description, params Command[] commands)
    {
        Command group = new(name, description);
        ExampleHelp.AddTo(group, [.. commands.SelectMany(c => ExampleHelp.ExamplesOf(c).Take(1))]);
        foreach (Command command in commands)
        {
            group.Subcommands.Add(command);
        }

        return group;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Func<OptionReader, CancellationToken, Task<int>> action, CancellationToken cancellationToken)
    {
        TextWriter errors = parsed.InvocationConfiguration.Error;
        try
        {
            Settings settings = Settings.Load(AllOptionNames(), Environment.GetEnvironmentVariables());
            OptionReader options = new(parsed, settings);
            OptionChecks.Run(parsed.CommandResult.Command, options, settings.Errors);
            return await action(options, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (Exception e) when (IsUsage(e))
        {
            await errors.WriteLineAsync("ecapture: " + e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is QueryClientException or IOException)
        {
            await errors.WriteLineAsync("ecapture: " + e.Message);
            return ExitCode.Failure;
        }
        catch (Exception e)
        {
            bool verbose = parsed.GetValue(CommonOptions.LogLevel) is "debug" or "trace";
            await errors.WriteLineAsync($"ecapture: {(verbose ? e.ToString() : $"{e.Message} ({e.GetType().Name}; --log-level debug shows where)")}");
            return ExitCode.Failure;
        }
    }

    /// <summary>True for what the user gave and can change: options, addresses, privileges, files, servers that do not answer.</summary>
    private static bool IsUsage(Exception e) =>
        e is UsageException or CaptureException or LogException or StoreException or SinkException or SealingException or TokenException or ReleaseException or FormatException or ParameterException
            or QueryClientException { IsUsage: true };

    // Names of all commands' options, for the environment and the file serve all commands.
    private static HashSet<string> AllOptionNames() =>
        [.. EntryPoint.CreateRoot().Subcommands.SelectMany(c => c.Subcommands.Append(c)).SelectMany(c => c.Options).Select(o => o.Name.TrimStart('-'))];
}
