using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture verify</c>: holds what is stored against the agents' checkpoints.</summary>
internal static class VerifyCommand
{
    private static readonly Option<string?> s_run = CommonOptions.Text("run", "UUID", "only this agent run");
    private static readonly Option<string?> s_host = CommonOptions.Text("host", "NAME", "only runs of this host");

    internal static Command Create() => CommandRunner.Create(
        "verify",
        "Hold every stream in the store against its checkpoints: contiguous sequences, and the bytes by a running SHA-256. Exit code 1 when an event is missing, altered or stored twice.",
        [
            "ecapture verify",
            "ecapture verify --host web1 --since 7d --json",
            "ecapture verify --store postgres://ecapture@pg1/ecapture --run 0199b7a2-7c1e-7000-8000-000000000001",
        ],
        [s_run, s_host, AdminOptions.Since, AdminOptions.Json, CommonOptions.Data, CommonOptions.Store, CommonOptions.Log],
        RunAsync);

    private static Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken) => AdminTarget.RunAsync(
        options,
        AdminOperations.Verify,
        [
            new("run", options.Find(s_run)), new("host", options.Find(s_host)), new("since", AdminOptions.Time(options, AdminOptions.Since)),
            new("json", options.IsSet(AdminOptions.Json) ? "true" : null),
        ],
        null,
        cancellationToken);
}
