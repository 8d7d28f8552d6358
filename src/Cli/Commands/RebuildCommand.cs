using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture sink rebuild</c>: makes partitions of a table anew.</summary>
internal static class RebuildCommand
{
    private static readonly Option<string?> s_module = CommonOptions.Text("module", "NAME", "the topic whose table is made anew");

    internal static Command Create() => CommandRunner.Create(
        "rebuild",
        "Make the whole partitions of a table that ended since a time anew, beside it, and swap them: from the table itself when nothing is missing in it, else from the log. What neither covers is refused and stays as it is; exit code 1 then.",
        [
            "ecapture sink rebuild --module tls --since 7d",
            "ecapture sink rebuild --module postgres --since 2026-11-01T00:00:00Z --until 2026-11-08T00:00:00Z --log kafka://k1:9092 --store clickhouse://ecapture@ch1:8123/ecapture",
        ],
        [s_module, AdminOptions.Since, AdminOptions.Until, AdminOptions.Json, CommonOptions.Data, CommonOptions.Store, CommonOptions.Log, CommonOptions.Policy],
        RunAsync);

    private static Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string? topic = AdminOptions.Topic(options, s_module);
        string? since = AdminOptions.Time(options, AdminOptions.Since);
        string[] missing = [.. topic is null ? (string[])["which table with --module, such as --module tls"] : [], .. since is null ? (string[])["from when on with --since, such as --since 7d"] : []];
        return missing.Length > 0
            ? throw new UsageException("sink rebuild: say " + string.Join(", and ", missing))
            : AdminTarget.RunAsync(
                options,
                AdminOperations.Rebuild,
                [new("topic", topic), new("since", since), new("until", AdminOptions.Time(options, AdminOptions.Until)), new("json", options.IsSet(AdminOptions.Json) ? "true" : null)],
                null,
                cancellationToken);
    }
}
