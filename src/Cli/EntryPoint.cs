using System.CommandLine;
using ECapture.Cli.Commands;
using ECapture.Cli.Commands.Keys;
using ECapture.Cli.Commands.Tokens;
using ECapture.Cli.Options;

namespace ECapture.Cli;

/// <summary>Parses a command line and runs its command.</summary>
internal static class EntryPoint
{
    /// <summary>The commands, in the order in which help lists them.</summary>
    internal static RootCommand CreateRoot()
    {
        RootCommand root = new(
            "Captures SQL, shell commands and TLS of this host with eBPF and keeps them as a record.");
        foreach (Command command in (Command[])
        [
            RunCommand.Create(),
            EventsCommand.Create(),
            PcapCommand.Create(),
            ExtcapCommand.Create(),
            StatusCommand.Create(),
            KeyCommand.Create(),
            TokenCommand.Create(),
            VerifyCommand.Create(),
            ReconcileCommand.Create(),
            DlqCommand.Create(),
            KeeperCommands.CreateRetention(),
            KeeperCommands.CreateHold(),
            KeeperCommands.CreateArchive(),
            DoctorCommand.Create(),
            ModulesCommand.Create(),
            PolicyCommand.Create(),
            CaptureCommand.Create(),
            SinkCommand.Create(),
            QueryCommand.Create(),
            ServiceCommand.Create(),
            AdminCommand.Create(),
            .. TerminalCommand.CreateAll(),
            CompletionCommand.Create(),
            ManualCommand.Create(),
            VersionCommand.Create(),
        ])
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        RootCommand root = CreateRoot();
        if (args is [] or ["help", ..])
        {
            args = [.. args.Skip(1), "--help"]; // as eCapture and many others have it
        }

        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await errors.WriteLineAsync("ecapture: " + ParseErrors.Describe(parsed));
            return ExitCode.Usage;
        }

        // A process that is told to end stops cleanly for as long as its own parts take; each of them bounds that.
        InvocationConfiguration configuration = new()
        {
            Output = output,
            Error = errors,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
        };
        return await parsed.InvokeAsync(configuration);
    }
}
