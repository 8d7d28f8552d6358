using System.CommandLine;
using ECapture.Cli.Health;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Storage;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture sink</c>: from the log into a store.</summary>
internal static class SinkCommand
{
    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "sink",
            "Write events from the log into a store, each once. Several sinks of one group share the work.",
            [
                "ecapture sink --log kafka://k1:9092 --store clickhouse://ecapture@ch1:8123/ecapture",
                "ECAPTURE_STORE_PASSWORD=… ecapture sink --log kafka://k1:9092 --store postgres://ecapture@pg1/ecapture --group sink-pg",
            ],
            [CommonOptions.Data, CommonOptions.Policy, CommonOptions.Log, CommonOptions.Store, CommonOptions.Group, CommonOptions.SinkMemory, CommonOptions.Tenant, CommonOptions.HostName, KeeperParts.Capacity, CommonOptions.Health],
            RunAsync);
        command.Subcommands.Add(RebuildCommand.Create());
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        await using Store store = await StoreFactory.OpenAsync(Composition.StoreAddressOf(options, data), StoreRole.Writer, cancellationToken, KeeperParts.RotationOf(options));
        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("sink", options);
        await using SinkParts sink = await SinkParts.OpenAsync(options, data, store, telemetry.Loggers, cancellationToken);
        await using HealthServer? health = HealthServer.AddressOf(options) is { } url
            ? await HealthServer.StartAsync(url, () => sink.NotReady, cancellationToken)
            : null;
        await using JournalParts journal = JournalParts.Start(options, data, "sink", store, telemetry.Loggers);
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task sinking = sink.RunAsync(stopping.Token);
        Task keeping = KeeperParts.RunAsync(
            KeeperParts.Open(options, data, store, journal.Journal, telemetry.Loggers), options, telemetry.Loggers, stopping.Token);
        try
        {
            await await Task.WhenAny(sinking, keeping);
        }
        finally
        {
            await stopping.CancelAsync();
            await Task.WhenAll(sinking, keeping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        return ExitCode.Ok;
    }
}
