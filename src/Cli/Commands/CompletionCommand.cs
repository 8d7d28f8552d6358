using System.CommandLine;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture completion</c>: a script that completes commands and options in a shell.</summary>
internal static class CompletionCommand
{
    private static readonly string[] s_shells = ["bash", "zsh", "fish"];
    private static readonly Argument<string> s_shell = new("SHELL") { Description = string.Join(", ", s_shells) };

    internal static Command Create()
    {
        Command command = new("completion", "Print a script that completes commands and options in bash, zsh or fish.");
        command.Arguments.Add(s_shell);
        ExampleHelp.AddTo(
            command,
            [
                "ecapture completion bash > /etc/bash_completion.d/ecapture",
                "ecapture completion zsh > /usr/local/share/zsh/site-functions/_ecapture",
                "ecapture completion fish > /etc/fish/completions/ecapture.fish",
            ]);
        command.SetAction(parsed =>
        {
            string shell = parsed.GetValue(s_shell) ?? "";
            IReadOnlyList<CompletionEntry> entries = CompletionEntry.Of(EntryPoint.CreateRoot());
            string? script = shell switch
            {
                "bash" => CompletionScripts.Bash(entries),
                "zsh" => CompletionScripts.Zsh(entries),
                "fish" => CompletionScripts.Fish(entries),
                _ => null,
            };
            if (script is null)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"ecapture: completion: '{shell}' is none of {string.Join(", ", s_shells)}");
                return ExitCode.Usage;
            }

            parsed.InvocationConfiguration.Output.Write(script);
            return ExitCode.Ok;
        });
        return command;
    }
}
