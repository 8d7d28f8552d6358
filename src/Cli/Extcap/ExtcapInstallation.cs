using ECapture.Cli.Options;

namespace ECapture.Cli.Extcap;

/// <summary>A small script in Wireshark's extcap folder that starts this program.</summary>
internal static class ExtcapInstallation
{
    /// <summary>The script's file name.</summary>
    internal const string FileName = "ecapture-extcap";

    /// <summary>The folders that Wireshark looks into for this user: since 4.2 $HOME/.local/lib/wireshark/extcap, before $XDG_CONFIG_HOME/wireshark/extcap.</summary>
    internal static IReadOnlyList<string> PersonalFolders =>
    [
        Path.Combine(FolderOf(Environment.SpecialFolder.UserProfile), ".local", "lib", "wireshark", "extcap"),
        Path.Combine(FolderOf(Environment.SpecialFolder.ApplicationData), "wireshark", "extcap"),
    ];

    /// <summary>Writes the script.</summary>
    /// <param name="folder">Wireshark's folder; made when missing.</param>
    /// <param name="program">Path of this program.</param>
    /// <returns>Path of the script.</returns>
    /// <exception cref="UsageException">It cannot be written.</exception>
    internal static string Install(string folder, string program)
    {
        string script = Path.Combine(folder, FileName);
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(script, $"#!/bin/sh\nexec {Quote(program)} extcap \"$@\"\n");
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"extcap install: {script} cannot be written: {e.Message}; name another folder with --directory");
        }

        return script;
    }

    private static string FolderOf(Environment.SpecialFolder folder) => Environment.GetFolderPath(folder, Environment.SpecialFolderOption.DoNotVerify);

    private static string Quote(string path) => "'" + path.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
