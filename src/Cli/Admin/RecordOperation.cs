using ECapture.Cli.Commands;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events.V1;
using ECapture.Log.Journal;
using ECapture.Log.Streams;
using ECapture.Sink.Operations;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Cli.Admin;

/// <summary>Puts what a command is about to do to tokens and keys on record, as a control event. From the first start of a service on: before there is nothing that they could open.</summary>
internal static class RecordOperation
{
    private const string Action = "action";
    private const string Subject = "subject";
    private const string Detail = "detail";

    /// <summary>Records it: in the service that runs on the data directory, else in its store, else in its journal, which the next service delivers.</summary>
    /// <exception cref="UsageException">It cannot be recorded: it must not be done.</exception>
    internal static async Task RecordAsync(OptionReader options, string action, string subject, string? detail, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        if (options.Find(CommonOptions.Store) is not null || Directory.Exists(data.Store) || ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, "service")) is not null)
        {
            await AdminTarget.RunAsync(options, AdminOperations.Record, [new(Action, action), new(Subject, subject), new(Detail, detail)], null, cancellationToken);
        }
        else if (Directory.Exists(data.Journal))
        {
            await AppendAsync(data, new Control { Action = action, Subject = subject, Actor = Environment.UserName, Detail = detail ?? "" }, cancellationToken);
        }
    }

    /// <summary>The operation, where the store is.</summary>
    internal static async Task<int> RunAsync(OperationContext context, CancellationToken cancellationToken)
    {
        await context.Journal.AppendAsync(
            new Control
            {
                Action = context.Parameters.Text(Action) ?? "",
                Subject = context.Parameters.Text(Subject) ?? "",
                Actor = context.Parameters.Text("actor") ?? "unknown",
                Detail = context.Parameters.Text(Detail) ?? "",
            },
            cancellationToken);
        return ExitCode.Ok;
    }

    private static async Task AppendAsync(DataDirectory data, Control control, CancellationToken cancellationToken)
    {
        AgentIdentity identity = AgentIdentity.Create("", Environment.MachineName);
        EventJournal journal = NumberedLog.OpenFree(data.Journal, "command", directory => EventJournal.Open(directory, identity, "command", NullLogger.Instance));
        await using (journal)
        {
            await journal.AppendAsync(control, cancellationToken);
        }

        if (UnixAccount.IsRoot && UnixAccount.OwnerOf(data.Journal) is { Uid: not 0 } owner)
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(journal.Directory, "*", SearchOption.AllDirectories).Prepend(journal.Directory))
            {
                DataDirectory.Give(path, owner);
            }
        }
    }
}
