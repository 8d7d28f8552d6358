using System.CommandLine;
using System.Text;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key new</c>.</summary>
internal static class NewKeyCommand
{
    private static readonly Option<string?> s_out = CommonOptions.Text("out", "FILE", "write the private key to FILE and the public one to FILE.pub, instead of into DATA/keys");

    internal static Command Create() => CommandRunner.Create(
        "new",
        "Make a key pair: the private key stays where secrets are opened, the public one goes to the agents (--seal-to).",
        [
            "sudo ecapture key new",
            "ecapture key new --out query.key     # query.key for `ecapture query --key`, query.key.pub for `ecapture capture --seal-to`",
        ],
        [s_out, CommonOptions.Data],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        using RecipientKeyPair key = RecipientKeyPair.Create();
        if (options.Find(s_out) is { } file)
        {
            Write(file, key.ExportPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using RecipientKey recipient = key.PublicKey();
            Write(
                file + ".pub", recipient.ExportPem(),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            Console.WriteLine($"key {key.Id}: private {file}, public {file}.pub");
            return ExitCode.Ok;
        }

        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory keys = Composition.KeysOf(data);
        if (keys.HasRecipients)
        {
            throw new UsageException($"{keys.RecipientsFile} is there already: replace its key with `ecapture key rotate`, or write a key elsewhere with --out FILE");
        }

        await RecordOperation.RecordAsync(options, "key.new", key.Id, null, cancellationToken);
        keys.Add(key);
        keys.SealTo(key);
        Console.WriteLine($"key {key.Id} in {data.Keys}; agents seal to {keys.RecipientsFile}. Back it up: ecapture key backup FILE --data {data.Root}");
        return ExitCode.Ok;
    }

    internal static void Write(string path, string text, UnixFileMode mode)
    {
        try
        {
            using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be written: {e.Message}");
        }
    }
}
