using System.Diagnostics;
using ECapture.Cli;

namespace ECapture.Tests.Unit.Terminal;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("ecapture post", "postgres")]
    [InlineData("ecapture tls --pcapf", "--pcapfile")]
    [InlineData("ecapture openssl -m pcapng --keylogf", "--keylogfile")]
    [InlineData("ecapture bash --errn", "--errnumber")]
    public async Task Bash_Script_CompletesCommandsAliasesAndOptions(string line, string expected)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, await ScriptAsync("bash"));
            string[] words = line.Split(' ');
            string program = $"source '{file}'; COMP_WORDS=({string.Join(' ', words.Select(w => $"'{w}'"))}); COMP_CWORD={words.Length - 1}; _ecapture; printf '%s\\n' \"${{COMPREPLY[@]}}\"";
            ProcessStartInfo start = new("bash", ["-c", program]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process bash = Process.Start(start)!;
            Task<string> errors = bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await errors);
            Assert.Equal(expected, output.Trim());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("zsh", "#compdef ecapture", "'gotls')")]
    [InlineData("fish", "-n '__fish_use_subcommand' -a gotls -d ", "-l keylogfile -d ")]
    public async Task OtherShells_Script_HoldsCommandsAndOptions(string shell, string first, string second)
    {
        string script = await ScriptAsync(shell);
        Assert.Contains(first, script, StringComparison.Ordinal);
        Assert.Contains(second, script, StringComparison.Ordinal);
        Assert.DoesNotContain("supervised", script, StringComparison.Ordinal); // hidden
    }

    [Fact]
    public async Task UnknownShell_OneLineAndExitCode2()
    {
        using StringWriter errors = new();
        Assert.Equal(2, await EntryPoint.RunAsync(["completion", "tcsh"], TextWriter.Null, errors));
        Assert.Contains("'tcsh' is none of bash, zsh, fish", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfEveryCommand_EndsWithAnExample()
    {
        List<string[]> paths = [.. EntryPoint.CreateRoot().Subcommands.Where(c => !c.Hidden).SelectMany(c => Below([], c))];
        Assert.Contains(paths, p => p is ["key", "restore"]); // it has an argument that must be given, to run
        foreach (string[] path in paths)
        {
            using StringWriter output = new();
            using StringWriter errors = new();
            int code = await EntryPoint.RunAsync([.. path, "--help"], output, errors);
            Assert.True(code == 0 && errors.ToString().Length == 0, $"{string.Join(' ', path)} --help: {code} {errors}");
            Assert.Matches("Examples?:\\s+\\S", output.ToString());
        }
    }

    [Fact]
    public async Task Help_AsACommand_IsTheHelpOfTheOneBehindIt()
    {
        using StringWriter option = new();
        using StringWriter command = new();
        Assert.Equal(0, await EntryPoint.RunAsync(["key", "restore", "--help"], option, TextWriter.Null));
        Assert.Equal(0, await EntryPoint.RunAsync(["help", "key", "restore"], command, TextWriter.Null));
        Assert.Equal(option.ToString(), command.ToString());
        Assert.Contains("ecapture key restore ", option.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SHELL is missing: bash, zsh, fish (see `ecapture completion --help`)", "completion")]
    [InlineData("file is missing: a backup, or any file of private keys (see `ecapture key restore --help`)", "key", "restore")]
    [InlineData("--btf: '7' is none of 0, 1, 2\n", "tls", "-b", "7")]
    public async Task Arguments_MissingOrWrong_OneLineAndExitCode2(string expected, params string[] arguments)
    {
        using StringWriter errors = new();
        Assert.Equal(2, await EntryPoint.RunAsync(arguments, TextWriter.Null, errors));
        Assert.StartsWith("ecapture: " + expected, errors.ToString(), StringComparison.Ordinal);
        Assert.Single(errors.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Version_Json_NamesKernelLibbpfAndBtf()
    {
        using StringWriter output = new();
        Assert.Equal(0, await EntryPoint.RunAsync(["version", "--json"], output, TextWriter.Null));
        foreach (string name in (string[])["\"ecapture\":", "\"libbpf\":", "\"kernel\":", "\"btf\":"])
        {
            Assert.Contains(name, output.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Manual_Page_HoldsEveryCommandOptionAndExampleThatHelpShows()
    {
        using StringWriter output = new();
        Assert.Equal(0, await EntryPoint.RunAsync(["man"], output, TextWriter.Null));
        string page = output.ToString();
        foreach (System.CommandLine.Command command in EntryPoint.CreateRoot().Subcommands.Where(c => !c.Hidden))
        {
            Assert.Contains($".SS \"ecapture {command.Name}", page, StringComparison.Ordinal);
            foreach (System.CommandLine.Option option in command.Options.Where(o => !o.Hidden && o.Name != "--help"))
            {
                Assert.Contains($"\\fB{option.Name.Replace("-", "\\-", StringComparison.Ordinal)}\\fR", page, StringComparison.Ordinal);
            }
        }

        Assert.Contains("\necapture bash \\-e 1".Replace("ecapture", "sudo ecapture", StringComparison.Ordinal), page, StringComparison.Ordinal);
        Assert.DoesNotContain("supervised", page, StringComparison.Ordinal); // hidden
        Assert.All(page.Split('\n').Where(l => l.StartsWith('.')), l => Assert.Matches(@"^\.(TH|SH|SS|TP|PP|B|I|nf|fi|RS|RE)( |$)", l));
    }

    private static IEnumerable<string[]> Below(string[] before, System.CommandLine.Command command)
    {
        string[] path = [.. before, command.Name];
        return command.Subcommands.Where(c => !c.Hidden).SelectMany(c => Below(path, c)).Prepend(path);
    }

    private static async Task<string> ScriptAsync(string shell)
    {
        using StringWriter output = new();
        Assert.Equal(0, await EntryPoint.RunAsync(["completion", shell], output, TextWriter.Null));
        return output.ToString();
    }
}
