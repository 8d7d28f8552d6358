using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Events;
using ECapture.Policies;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture retention</c>, <c>hold</c> and <c>archive</c>: what a store keeps, must keep, and has kept elsewhere.</summary>
internal static class KeeperCommands
{
    private static readonly Option<string?> s_module = CommonOptions.Text("module", "NAME", "only this module");
    private static readonly Option<bool> s_dryRun = CommonOptions.Switch("dry-run", "only say what would be dropped");
    private static readonly Option<bool> s_all = CommonOptions.Switch("all", "list: also those that are over; verify: every archive");
    private static readonly Option<string?> s_name = CommonOptions.Text("name", "NAME", "name of the hold: letters, digits, -, _ and .");
    private static readonly Option<string?> s_reason = CommonOptions.Text("reason", "TEXT", "why; it is part of the record");
    private static readonly Option<string[]> s_modules = CommonOptions.List("module", "NAME,…", "only events of these modules");
    private static readonly Option<string[]> s_hosts = CommonOptions.List("host", "NAME,…", "only events of these hosts");
    private static readonly Option<string[]> s_processes = CommonOptions.List("process", "NAME,…", "only events of processes of these names");
    private static readonly Option<string[]> s_connections = CommonOptions.List("connection", "ID,…", "only events of these connections (16 hexadecimal digits)");
    private static readonly Option<bool> s_everything = CommonOptions.Switch("everything", "hold everything, from the first event on");
    private static readonly Option<string?> s_keep = CommonOptions.Text("keep", "DURATION", "how long a hold keeps what came back: 12h, 30d (default 7d)");
    private static readonly Argument<string?> s_subject = new("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "its name, as `list` shows it" };

    private static IEnumerable<Option> Where => [CommonOptions.Data, CommonOptions.Store, CommonOptions.Policy, KeeperParts.Capacity];

    internal static Command CreateRetention()
    {
        Command command = new("retention", "Show and apply the rules by which old partitions leave the store; the sink applies them every 30 s.");
        ExampleHelp.AddTo(command, ["ecapture retention show", "ecapture retention run --dry-run"]);
        command.Subcommands.Add(CommandRunner.Create(
            "show",
            "Show every partition of every table: rows, bytes, age, whether it goes next, and which hold keeps it.",
            ["ecapture retention show", "ecapture retention show --module tls --json", "ecapture retention show --store postgres://ecapture@pg1/ecapture --policy policy.json"],
            [s_module, AdminOptions.Json, .. Where],
            (options, cancellationToken) => RunAsync(options, AdminOperations.RetentionShow, cancellationToken, Module(options))));
        command.Subcommands.Add(CommandRunner.Create(
            "run",
            "Apply the rules now. Exit code 1 when a partition that should go could not be archived or dropped.",
            ["ecapture retention run --dry-run", "ecapture retention run"],
            [s_dryRun, AdminOptions.Json, .. Where],
            (options, cancellationToken) => RunAsync(options, AdminOperations.RetentionRun, cancellationToken, Pair("dry-run", Flag(options, s_dryRun)))));
        return command;
    }

    internal static Command CreateHold()
    {
        Command command = new("hold", "Legal holds: what must not leave the store, whatever the rules say.");
        ExampleHelp.AddTo(command, ["ecapture hold add --name case-7 --reason 'subpoena of 20 November' --host web1 --since 2026-11-01T00:00:00Z --until 2026-11-20T00:00:00Z", "ecapture hold list", "ecapture hold release case-7"]);
        command.Subcommands.Add(CommandRunner.Create(
            "add",
            "Hold events, and with them the packets, secrets, connection and process facts of the same hosts and time. When this returns, nothing of it is dropped any more.",
            [
                "ecapture hold add --name case-7 --reason subpoena --host web1 --since 2026-11-01T00:00:00Z --until 2026-11-20T00:00:00Z",
                "ecapture hold add --name leak --reason 'incident 31' --process nc --since 3d",
                "ecapture hold add --name c1 --reason 'incident 31' --connection 7f3a90c100000042",
            ],
            [s_name, s_reason, AdminOptions.Since, AdminOptions.Until, s_modules, s_hosts, s_processes, s_connections, s_everything, .. Where],
            (options, cancellationToken) => RunAsync(
                options, AdminOperations.HoldAdd, cancellationToken,
                new("name", options.Find(s_name)), new("reason", options.Find(s_reason)), new("since", AdminOptions.Time(options, AdminOptions.Since)),
                new("until", AdminOptions.Time(options, AdminOptions.Until)), new("module", List(options, s_modules)), new("host", List(options, s_hosts)),
                new("process", List(options, s_processes)), new("connection", List(options, s_connections)), new("everything", Flag(options, s_everything)))));
        command.Subcommands.Add(CommandRunner.Create(
            "list", "List the holds in force.", ["ecapture hold list", "ecapture hold list --all --json"], [s_all, AdminOptions.Json, .. Where],
            (options, cancellationToken) => RunAsync(options, AdminOperations.HoldList, cancellationToken, Pair("all", Flag(options, s_all)))));
        Command release = CommandRunner.Create(
            "release", "End a hold: the rules apply again to what it kept.", ["ecapture hold release case-7"], Where,
            (options, cancellationToken) => RunAsync(options, AdminOperations.HoldRelease, cancellationToken, Pair("name", Subject(options, "hold release"))));
        release.Arguments.Add(s_subject);
        command.Subcommands.Add(release);
        return command;
    }

    internal static Command CreateArchive()
    {
        Command command = new("archive", "Archived partitions: exported before they were dropped.");
        ExampleHelp.AddTo(command, ["ecapture archive list", "ecapture archive verify --all", "ecapture archive restore NAME --keep 30d"]);
        command.Subcommands.Add(CommandRunner.Create(
            "list", "List archives, oldest partition first.", ["ecapture archive list", "ecapture archive list --module packet --json"], [s_module, AdminOptions.Json, .. Where],
            (options, cancellationToken) => RunAsync(options, AdminOperations.ArchiveList, cancellationToken, Module(options))));
        Command verify = CommandRunner.Create(
            "verify", "Read an archive whole and compare it with its manifest. Exit code 1 when one is damaged.", ["ecapture archive verify --all"], [s_all, .. Where],
            (options, cancellationToken) => options.Find(s_subject) is null == options.IsSet(s_all)
                ? RunAsync(options, AdminOperations.ArchiveVerify, cancellationToken, new("name", options.Find(s_subject)), new("all", Flag(options, s_all)))
                : throw new UsageException("archive verify: give either the NAME of an archive or --all"));
        verify.Arguments.Add(s_subject);
        command.Subcommands.Add(verify);
        Command restore = CommandRunner.Create(
            "restore",
            "Bring an archived partition back into its table, equal to what it was. A hold keeps it for a while; it may be run again.",
            ["ecapture archive restore tls-20261101-20261120T070012Z-5be1a0c1", "ecapture archive restore NAME --keep 30d"],
            [s_keep, .. Where],
            (options, cancellationToken) => RunAsync(
                options, AdminOperations.ArchiveRestore, cancellationToken, new("name", Subject(options, "archive restore")), new("keep", Keep(options))));
        restore.Arguments.Add(s_subject);
        command.Subcommands.Add(restore);
        return command;
    }

    private static Task<int> RunAsync(OptionReader options, string operation, CancellationToken cancellationToken, params KeyValuePair<string, string?>[] parameters) =>
        AdminTarget.RunAsync(
            options, operation, [.. parameters, new("json", Flag(options, AdminOptions.Json)), new("actor", Environment.UserName)], null, cancellationToken);

    private static KeyValuePair<string, string?> Pair(string name, string? value) => new(name, value);

    private static string? Flag(OptionReader options, Option<bool> option) => options.IsSet(option) ? "true" : null;

    private static string? List(OptionReader options, Option<string[]> option) => options.FindAll(option) is { Count: > 0 } values ? string.Join(',', values) : null;

    private static string Subject(OptionReader options, string command) =>
        options.Find(s_subject) ?? throw new UsageException($"{command}: give a NAME; `{command.Split(' ')[0]} list` shows them");

    private static KeyValuePair<string, string?> Module(OptionReader options)
    {
        string? module = options.Find(s_module);
        if (module is not null && !Topics.All.Contains(module))
        {
            string? nearest = NearestName.Find(module, Topics.All);
            throw new UsageException($"--module: there is no module {module}{(nearest is null ? "" : $"; did you mean {nearest}?")}");
        }

        return new("module", module);
    }

    private static string? Keep(OptionReader options) =>
        options.Find(s_keep) is not { } text ? null
        : Units.ParseDuration(text) is { } keep && keep > TimeSpan.Zero && keep <= TimeSpan.FromDays(3650) ? ((long)keep.TotalSeconds).ToString(CultureInfo.InvariantCulture)
        : throw new UsageException($"--keep: '{text}' is no duration up to 3650d, such as 12h or 30d");
}
