using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Policies;
using ECapture.Sealing.Keys;
using ECapture.Sink.Operations;
using ECapture.Sink.Retention;
using ECapture.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary>
/// <c>ecapture service</c>: sink and query in one process, which therefore may own the in-process engine. `ecapture run` starts it.
/// </summary>
internal static class ServiceCommand
{
    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "service",
            "Sink and query in one process; `ecapture run` starts it as an unprivileged user.",
            [],
            [
                CommonOptions.Data, CommonOptions.Log, CommonOptions.Store, CommonOptions.Group, CommonOptions.SinkMemory, CommonOptions.Listen, CommonOptions.InsecureListen, CommonOptions.TlsCertificate, CommonOptions.TlsKey, CommonOptions.TlsClientAuthorities, CommonOptions.RequireToken, CommonOptions.FourEyes, CommonOptions.QueryTimeout,
                CommonOptions.Key, CommonOptions.Tenant, CommonOptions.HostName, CommonOptions.Policy, KeeperParts.Capacity, CommonOptions.Supervised,
            ],
            RunAsync);
        command.Hidden = true;
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using PrivateKeys keys = Composition.PrivateKeysOf(options, data);
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using Store store = await StoreFactory.OpenAsync(Composition.StoreAddressOf(options, data), StoreRole.Writer, cancellationToken, KeeperParts.RotationOf(options));
        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("service", options);
        if (options.IsSet(CommonOptions.Supervised))
        {
            ControlChannel.Listen(_ => { }, stopping.Cancel);
        }

        await using SinkParts sink = await SinkParts.OpenAsync(options, data, store, telemetry.Loggers, cancellationToken);
        await using JournalParts journal = JournalParts.Start(options, data, "service", store, telemetry.Loggers);
        StoreKeeper keeper = KeeperParts.Open(options, data, store, journal.Journal, telemetry.Loggers);
        string key = AdminRoutes.NewKey();
        Policy policy = Composition.StorePolicyOf(options);
        using AdminRoutes admin = new(key, (parameters, output) => new OperationContext(store, Composition.LogAddressOf(options, data), data.Journal, journal.Journal, parameters, output)
        {
            Keeper = keeper,
            DeadLetters = data.DeadLetters,
            Archives = KeeperParts.ArchivesOf(policy, data),
            Policy = policy,
        });
        string file = ServiceFile.PathOf(data.Root, "service");
        Task sinking = sink.RunAsync(stopping.Token);
        Task keeping = KeeperParts.RunAsync(keeper, options, telemetry.Loggers, stopping.Token);
        Task serving = QueryCommand.ServeAsync(
            options, store, journal.Journal, keys, telemetry.Loggers, () => sink.NotReady,
            address => new ServiceFile(Environment.ProcessId, DateTimeOffset.UtcNow, address.ToString(), []) { AdminKey = key }.Write(file),
            stopping.Token,
            admin);
        try
        {
            await await Task.WhenAny(sinking, serving, keeping);
        }
        finally
        {
            // One without the other is of no use; the failure of the first is the command's.
            await stopping.CancelAsync();
            await Task.WhenAll(sinking, serving, keeping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            File.Delete(file);
        }

        return ExitCode.Ok;
    }
}
