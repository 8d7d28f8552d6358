using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture dlq</c>: records that could not be stored.</summary>
internal static class DlqCommand
{
    private static readonly Option<string?> s_topic = CommonOptions.Text("topic", "NAME", "only of this topic");
    private static readonly Option<bool> s_all = CommonOptions.Switch("all", "list: resolved ones, too; retry: every one that is not resolved");
    private static readonly Option<bool> s_fromLog = CommonOptions.Switch("from-log", "not those of the store: those on the topics ….dlq of the log");
    private static readonly Option<string?> s_output = CommonOptions.Text("output", "FILE", "write the record's bytes to this file", "-o");
    private static readonly Argument<string?> s_id = new("ID") { Arity = ArgumentArity.ZeroOrOne, Description = "topic/partition/offset[@log], as `ecapture dlq list` shows it" };

    internal static Command Create()
    {
        Command command = new("dlq", "List, show and retry dead letters: records that could not be stored as events, kept with their bytes.");
        ExampleHelp.AddTo(command, ["ecapture dlq list --since 1d", "ecapture dlq show tls/0/1234 -o record.bin", "ecapture dlq retry --all"]);
        command.Subcommands.Add(CommandRunner.Create(
            "list",
            "List dead letters, oldest first.",
            ["ecapture dlq list", "ecapture dlq list --topic tls --since 7d --json", "ecapture dlq list --from-log --log kafka://k1:9092 --store clickhouse://ecapture@ch1:8123/ecapture"],
            [s_topic, AdminOptions.Since, s_all, s_fromLog, AdminOptions.Json, .. Where],
            (options, cancellationToken) => RunAsync(options, AdminOperations.DeadLetterList, null, null, cancellationToken)));
        Command show = CommandRunner.Create(
            "show",
            "Show a dead letter: what is wrong with it, where it comes from, its bytes.",
            ["ecapture dlq show tls/0/1234", "ecapture dlq show tls/0/1234 -o record.bin"],
            [s_output, s_fromLog, AdminOptions.Json, .. Where],
            ShowAsync);
        show.Arguments.Add(s_id);
        command.Subcommands.Add(show);
        Command retry = CommandRunner.Create(
            "retry",
            "Try dead letters again. What the sink's check and the store now take becomes a row, once, however often this runs. Exit code 1 when one is still bad.",
            ["ecapture dlq retry tls/0/1234", "ecapture dlq retry --all --topic tls"],
            [s_topic, AdminOptions.Since, s_all, AdminOptions.Json, .. Where],
            RetryAsync);
        retry.Arguments.Add(s_id);
        command.Subcommands.Add(retry);
        return command;
    }

    private static IEnumerable<Option> Where => [CommonOptions.Data, CommonOptions.Store, CommonOptions.Log];

    private static async Task<int> ShowAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string id = options.Find(s_id) ?? throw new UsageException("dlq show: give the ID of a dead letter; `ecapture dlq list` shows them");
        if (options.Find(s_output) is not { } path)
        {
            return await RunAsync(options, AdminOperations.DeadLetterShow, id, null, cancellationToken);
        }

        MemoryStream bytes = new();
        int code = await AdminTarget.RunAsync(
            options,
            AdminOperations.DeadLetterShow,
            [new("id", id), new("hex", "true"), new("from-log", FromLog(options))],
            line =>
            {
                bytes.Write(Convert.FromHexString(line));
                return Task.CompletedTask;
            },
            cancellationToken);
        await File.WriteAllBytesAsync(path, bytes.ToArray(), cancellationToken);
        return code;
    }

    private static string? FromLog(OptionReader options) => options.IsSet(s_fromLog) ? "true" : null;

    private static Task<int> RetryAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string? id = options.Find(s_id);
        return (id is null) == options.IsSet(s_all)
            ? RunAsync(options, AdminOperations.DeadLetterRetry, id, null, cancellationToken)
            : throw new UsageException("dlq retry: give either the ID of a dead letter or --all");
    }

    private static Task<int> RunAsync(OptionReader options, string operation, string? id, Func<string, Task>? line, CancellationToken cancellationToken)
    {
        string? topic = AdminOptions.Topic(options, s_topic);
        return AdminTarget.RunAsync(
            options,
            operation,
            [
                new("id", id), new("topic", topic), new("since", AdminOptions.Time(options, AdminOptions.Since)),
                new("all", options.IsSet(s_all) ? "true" : null), new("from-log", FromLog(options)), new("json", options.IsSet(AdminOptions.Json) ? "true" : null),
            ],
            line,
            cancellationToken);
    }
}
