using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key show</c>.</summary>
internal static class ShowKeysCommand
{
    internal static Command Create() => CommandRunner.Create(
        "show",
        "Print the public keys that secrets are sealed to, for the agents' --seal-to files. They are no secret.",
        ["ecapture key show > recipients.pem"],
        [CommonOptions.Data],
        RunAsync);

    private static Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        if (!directory.HasRecipients)
        {
            throw new UsageException($"there is no {directory.RecipientsFile}: `ecapture key new` makes a key");
        }

        foreach (RecipientKey key in RecipientFile.Read(directory.RecipientsFile))
        {
            Console.WriteLine("# " + key.Id);
            Console.Write(key.ExportPem());
            key.Dispose();
        }

        return Task.FromResult(ExitCode.Ok);
    }
}
