using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key rotate</c>.</summary>
internal static class RotateKeyCommand
{
    internal static Command Create() => CommandRunner.Create(
        "rotate",
        "Make a new key for new secrets; an agent that runs here uses it within a minute. Older private keys stay, to open what is sealed to them.",
        ["sudo ecapture key rotate && sudo ecapture key backup keys-2026-11.pem"],
        [CommonOptions.Data],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        if (!directory.HasRecipients)
        {
            throw new UsageException($"there is no {directory.RecipientsFile} to rotate: `ecapture key new` makes the first key");
        }

        using RecipientKeyPair key = RecipientKeyPair.Create();
        await RecordOperation.RecordAsync(options, "key.rotate", key.Id, null, cancellationToken);
        directory.Add(key);
        directory.SealTo(key);
        Console.WriteLine(
            $"key {key.Id} seals from now on. Back it up (ecapture key backup FILE --data {data.Root}); agents elsewhere need the new public key (ecapture key show). "
            + "Older keys stay: `ecapture key check` says when nothing needs them");
        return ExitCode.Ok;
    }
}
