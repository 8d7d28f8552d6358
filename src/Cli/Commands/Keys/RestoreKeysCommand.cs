using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key restore</c>.</summary>
internal static class RestoreKeysCommand
{
    private static readonly Argument<string> s_file = new("file") { Description = "a backup, or any file of private keys" };

    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "restore",
            "Bring private keys back into the data directory: a query service that runs there opens what is sealed to them at once. Keys that are there stay.",
            ["sudo ecapture key restore /media/usb/ecapture-keys.pem"],
            [Passphrase.File, CommonOptions.Data],
            RunAsync);
        command.Arguments.Add(s_file);
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        string file = options.Argument(s_file);
        foreach (RecipientKeyPair key in PrivateKeyFile.Read(file, PrivateKeyFile.IsEncrypted(file) ? Passphrase.Read(options, isNew: false) : null))
        {
            await RecordOperation.RecordAsync(options, "key.restore", key.Id, null, cancellationToken);
            Console.WriteLine(directory.Add(key) ? $"{key.Id} is back in {data.Keys}" : $"{key.Id} was in {data.Keys} already");
            key.Dispose();
        }

        return ExitCode.Ok;
    }
}
