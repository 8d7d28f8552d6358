using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sink.Operations;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture admin</c>: runs an operation as the store's owner for a command of another user; <see cref="AdminTarget"/> starts it.</summary>
internal static class AdminCommand
{
    private static readonly Option<string?> s_operation = CommonOptions.Text("operation", "NAME", "what to run");
    private static readonly Option<string[]> s_parameters = CommonOptions.List("parameter", "NAME=VALUE", "a parameter of it");

    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "admin",
            "Runs an operation on a store; other commands start it as the store's owner.",
            [],
            [CommonOptions.Data, CommonOptions.Store, CommonOptions.Log, CommonOptions.Policy, KeeperParts.Capacity, s_operation, s_parameters],
            RunAsync);
        command.Hidden = true;
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        await using AdminProcess process = await AdminProcess.OpenAsync(options, data, cancellationToken);
        OperationParameters parameters = new(options.Given(s_parameters).Select(p => p.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p[^1])));
        await AdminReport.WriteAsync(Console.Out, () => process.RunAsync(options.Find(s_operation) ?? "", parameters, Console.Out, cancellationToken));
        return ExitCode.Ok;
    }
}
