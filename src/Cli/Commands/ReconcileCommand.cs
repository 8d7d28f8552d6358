using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Events;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture reconcile</c>: holds the log against the store.</summary>
internal static class ReconcileCommand
{
    private static readonly Option<string?> s_module = CommonOptions.Text("module", "NAME", "only this topic");
    private static readonly Option<bool> s_withoutLog = CommonOptions.Switch("without-log", "do not read the log again: the sink's accounts say what was in it");

    internal static Command Create() => CommandRunner.Create(
        "reconcile",
        "Hold what was read from the log against what is stored, by topic, partition and hour: offsets = rows + dead letters + duplicates + expired + dropped. Exit code 1 when a line differs.",
        [
            "ecapture reconcile",
            "ecapture reconcile --module postgres --since 1d --json",
            "ecapture reconcile --log kafka://k1:9092 --store clickhouse://ecapture@ch1:8123/ecapture",
        ],
        [s_module, AdminOptions.Since, AdminOptions.Until, s_withoutLog, AdminOptions.Json, CommonOptions.Data, CommonOptions.Store, CommonOptions.Log],
        RunAsync);

    private static Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken) => AdminTarget.RunAsync(
        options,
        AdminOperations.Reconcile,
        [
            new("topic", AdminOptions.Topic(options, s_module)),
            new("since", AdminOptions.Time(options, AdminOptions.Since)), new("until", AdminOptions.Time(options, AdminOptions.Until)),
            new("log", options.IsSet(s_withoutLog) ? "false" : null), new("json", options.IsSet(AdminOptions.Json) ? "true" : null),
        ],
        null,
        cancellationToken);
}
