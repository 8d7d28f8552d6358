using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Query.Keys;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key remove</c>.</summary>
internal static class RemoveKeyCommand
{
    private static readonly Argument<string> s_id = new("id") { Description = "the key's id, as `ecapture key list` shows it" };

    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "remove",
            "Delete an old private key. Refused while new secrets are sealed to it, and while the log or the store holds a secret that no other key here opens.",
            ["sudo ecapture key remove 1f2e3d4c5b6a7988"],
            [CommonOptions.Data, EventSource.Api, CommonOptions.Store, CommonOptions.Log],
            RunAsync);
        command.Arguments.Add(s_id);
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string id = options.Argument(s_id);
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        HashSet<string> others = [.. directory.List().Select(k => k.Id).Where(k => k != id)];
        LogAddress log = Composition.LogAddressOf(options, data);
        // The log first: what left it meanwhile is in the store then.
        if (await LoggedSecrets.CountAsync(log, id, others, cancellationToken) is > 0 and var logged)
        {
            throw new UsageException($"{logged} TLS secrets in the log {log} open with {id} only: it stays until they are gone");
        }

        foreach (KeyUse use in await CheckKeysCommand.UsesAsync(options, data, cancellationToken))
        {
            if (use.Recipients.Contains(id) && !use.Recipients.Any(others.Contains))
            {
                throw new UsageException($"{use.Secrets} TLS secrets in the store open with {id} only: it stays until they are gone");
            }
        }

        await RecordOperation.RecordAsync(options, "key.remove", id, null, cancellationToken);
        directory.Remove(id);
        Console.WriteLine($"{id} is gone");
        return ExitCode.Ok;
    }
}
