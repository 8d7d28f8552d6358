using System.CommandLine;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture version</c>.</summary>
internal static class VersionCommand
{
    internal static Command Create()
    {
        Command command = new("version", "Say which version this is, on which kernel it runs.");
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"ecapture {ProgramVersion.Text}");
            output.WriteLine($".NET     {Environment.Version}");
            output.WriteLine($"kernel   {KernelRelease()}");
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The running kernel's release, as `uname -r` says it.</summary>
    internal static string KernelRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
}
