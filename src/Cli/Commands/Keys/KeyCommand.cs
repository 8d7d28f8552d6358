using System.CommandLine;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key …</c>: the keys that TLS secrets are sealed with.</summary>
internal static class KeyCommand
{
    internal static Command Create() => CommandRunner.CreateGroup(
        "key",
        "Make, look at, replace, back up and bring back the keys that TLS secrets are sealed with. Losing a private key loses every TLS secret sealed to it.",
        NewKeyCommand.Create(),
        ListKeysCommand.Create(),
        ShowKeysCommand.Create(),
        CheckKeysCommand.Create(),
        RotateKeyCommand.Create(),
        BackupKeysCommand.Create(),
        RestoreKeysCommand.Create(),
        RemoveKeyCommand.Create(),
        ReleaseCommand.Create());
}
