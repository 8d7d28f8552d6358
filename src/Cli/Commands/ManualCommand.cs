using System.CommandLine;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture man</c>: the manual page, made of the commands' own help.</summary>
internal static class ManualCommand
{
    internal static Command Create()
    {
        Command command = new("man", "Print the manual page, made of what every command's --help says.");
        ExampleHelp.AddTo(command, ["ecapture man | man -l -", "ecapture man > /usr/local/share/man/man1/ecapture.1"]);
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.Write(ManualPage.Of(EntryPoint.CreateRoot()));
            return Options.ExitCode.Ok;
        });
        return command;
    }
}
