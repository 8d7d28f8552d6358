using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key backup</c>.</summary>
internal static class BackupKeysCommand
{
    private static readonly Argument<string> s_file = new("file") { Description = "the backup; it must not be there yet" };

    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "backup",
            "Write every private key of the data directory into one file that a passphrase opens (PKCS #8, PBES2: PBKDF2-SHA-256 with 600,000 rounds, AES-256-CBC).",
            [
                "sudo ecapture key backup /media/usb/ecapture-keys.pem",
                "ECAPTURE_KEY_PASSPHRASE=… sudo -E ecapture key backup keys.pem && ecapture key check --backup keys.pem",
            ],
            [Passphrase.File, CommonOptions.Data],
            RunAsync);
        command.Arguments.Add(s_file);
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        IReadOnlyList<KeyEntry> entries = directory.List();
        if (entries.Count == 0)
        {
            throw new UsageException($"there is no private key in {data.Keys} to back up");
        }

        string passphrase = Passphrase.Read(options, isNew: true);
        string file = options.Argument(s_file);
        List<RecipientKeyPair> keys = [.. entries.Select(e => directory.Find(e.Id) ?? throw new UsageException($"the key {e.Id} went away while it was read"))];
        await RecordOperation.RecordAsync(options, "key.backup", string.Join(' ', keys.Select(k => k.Id)), file, cancellationToken);
        NewKeyCommand.Write(file, string.Concat(keys.Select(k => $"# {k.Id}\n{k.ExportEncryptedPem(passphrase)}")), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        HashSet<string> written = Read(file, passphrase);
        if (!written.SetEquals(keys.Select(k => k.Id)))
        {
            throw new IOException($"{file} does not hold what was written into it; do not rely on it");
        }

        keys.ForEach(k => directory.NoteBackup(k.Id, DateTimeOffset.UtcNow));
        Console.WriteLine($"{keys.Count} private keys in {file}; it was read back and opens with this passphrase. Keep it away from this machine");
        return ExitCode.Ok;
    }

    /// <summary>The ids of the keys in a backup.</summary>
    internal static HashSet<string> Read(string file, string passphrase)
    {
        HashSet<string> ids = [];
        foreach (RecipientKeyPair key in PrivateKeyFile.Read(file, passphrase))
        {
            ids.Add(key.Id);
            key.Dispose();
        }

        return ids;
    }
}
