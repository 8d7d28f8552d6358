using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Query.Keys;
using ECapture.Sealing.Keys;
using ECapture.Storage.Reading;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key check</c>.</summary>
internal static class CheckKeysCommand
{
    private static readonly Option<string?> s_backup = CommonOptions.Text("backup", "FILE", "also check that this backup holds every private key of the data directory");

    internal static Command Create() => CommandRunner.Create(
        "check",
        "Check that the private keys open what the store holds. Exit code 1 when something cannot be opened, or a key was never backed up.",
        [
            "sudo ecapture key check",
            "sudo ecapture key check --backup /media/usb/ecapture-keys.pem",
            "ecapture key check --api http://127.0.0.1:8080",
        ],
        [s_backup, Passphrase.File, CommonOptions.Key, CommonOptions.Data, EventSource.Api, CommonOptions.Store],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        IReadOnlyList<KeyEntry> entries = options.Find(EventSource.Api) is null ? directory.List() : [];
        bool isGood = true;
        if (options.Find(s_backup) is { } backup)
        {
            HashSet<string> saved = BackupKeysCommand.Read(backup, Passphrase.Read(options, isNew: false));
            foreach (KeyEntry entry in entries)
            {
                Say(saved.Contains(entry.Id), $"{entry.Id} is in {backup}", $"{entry.Id} is NOT in {backup}: back up again", ref isGood);
            }
        }
        else
        {
            foreach (KeyEntry entry in entries)
            {
                Say(
                    entry.BackedUp is not null, $"{entry.Id} was backed up",
                    $"{entry.Id} was never backed up: losing it loses what is sealed to it; `ecapture key backup FILE`", ref isGood);
            }
        }

        HashSet<string> needed = [];
        foreach (KeyUse use in await UsesAsync(options, data, cancellationToken))
        {
            needed.UnionWith(use.Recipients);
            string span = string.Create(
                CultureInfo.InvariantCulture, $"{use.Secrets} TLS secrets from {Query.Requests.TimeText.Format(use.First)} to {Query.Requests.TimeText.Format(use.Last)}");
            string recipients = string.Join(" or ", use.Recipients);
            Say(
                use.State is KeyUseState.Opens or KeyUseState.Open,
                use.State == KeyUseState.Open ? $"{span} are not sealed" : $"{span}: {recipients} opens them",
                use.State == KeyUseState.Damaged
                    ? $"{span}: {recipients} is here and does NOT open the newest: the event was changed, or the key replaced"
                    : $"{span}: the private key {recipients} is NOT here; `ecapture key restore FILE`, or they are lost",
                ref isGood);
        }

        foreach (KeyEntry entry in entries.Where(e => !e.IsRecipient && !needed.Contains(e.Id)))
        {
            Console.WriteLine($"      {entry.Id} is needed by nothing in this store: `ecapture key remove {entry.Id}`, unless an archive or another store needs it");
        }

        return isGood ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>What the store holds, asked of the service or looked up here.</summary>
    internal static async Task<IReadOnlyList<KeyUse>> UsesAsync(OptionReader options, DataDirectory data, CancellationToken cancellationToken)
    {
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        if (source.Client is { } client)
        {
            return await client.KeysAsync(cancellationToken);
        }

        using PrivateKeys keys = Composition.PrivateKeysOf(options, data);
        return await KeyInspection.RunAsync(new EventStoreReader(source.Store!), keys, cancellationToken);
    }

    private static void Say(bool condition, string good, string bad, ref bool isGood)
    {
        Console.WriteLine(condition ? "ok    " + good : "FAIL  " + bad);
        isGood &= condition;
    }
}
