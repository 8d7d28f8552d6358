using System.Diagnostics;
using ECapture.Tests.Support.Shells;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture bash</c>: lines that a person types, and what scripts start.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ShellTextTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Text_TypedLinesAndScripts_ShowLineDirectoryAndExitStatus()
    {
        await using TerminalRun run = await TerminalRun.StartAsync("bash");
        await using (InteractiveBash bash = await InteractiveBash.StartAsync("/usr"))
        {
            await bash.TypeAsync($"echo '{_marker} spécial $chars | \\\\' | cat > /dev/null");
            await bash.TypeAsync($"(exit 7) # {_marker}-subshell");
            await bash.TypeAsync($"echo {_marker}-{new string('y', 2000)}-end > /dev/null");
            await run.WaitForOutputAsync($"/usr $ echo '{_marker} spécial $chars | \\\\' | cat > /dev/null\n"); // without kernel types its folder is read from /proc: while it lives
        }

        using (Process script = Process.Start("bash", ["-c", $"/bin/echo {_marker}-piped | /bin/cat > /dev/null; /bin/true {_marker}-background & wait"]))
        {
            await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await run.WaitForOutputAsync($" ms: (exit 7) # {_marker}-subshell\n");
        await run.WaitForOutputAsync($"echo {_marker}-{new string('y', 2000)}-end > /dev/null\n");
        await run.WaitForOutputAsync($" exec /bin/echo {_marker}-piped\n");
        await run.WaitForOutputAsync($" exec /bin/true {_marker}-background\n");
        Assert.Equal(0, await run.StopAsync());
        Assert.Contains(run.Output.Split('\n'), l => l.Contains(" exit 7 after ", StringComparison.Ordinal) && l.EndsWith($"(exit 7) # {_marker}-subshell", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_ExitStatusAsked_OnlyCommandsThatEndedWithIt()
    {
        await using TerminalRun run = await TerminalRun.StartAsync("bash", "-e", "3");
        using (Process script = Process.Start("bash", ["-c", $"/bin/sh -c 'exit 0' {_marker}-zero; /bin/sh -c 'exit 3' {_marker}-three; exit 0"]))
        {
            await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await run.WaitForOutputAsync($"{_marker}-three\n");
        Assert.Equal(0, await run.StopAsync());
        string line = Assert.Single(run.Output.Split('\n'), l => l.Contains(_marker, StringComparison.Ordinal));
        Assert.Contains(" exit 3 after ", line, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Contains(" exit 3 after ", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_LineEditorInALibrary_ShowsBashsLinesAndNoOtherPrograms()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-readline-");
        try
        {
            string library = Directory.EnumerateFiles("/usr/lib", "libreadline.so.8*", SearchOption.AllDirectories).First();
            string bash = await CompileAsync(folder, "bash", library);
            string other = await CompileAsync(folder, "calculator", library);
            await using TerminalRun run = await TerminalRun.StartAsync("bash", "--bash", bash, "--readlineso", library);
            foreach (string program in (string[])[other, bash])
            {
                await using InteractiveBash shell = await InteractiveBash.StartAsync("/usr", program);
                await shell.TypeAsync($"{_marker} typed into {Path.GetFileName(program)}");
                if (program == bash)
                {
                    await run.WaitForOutputAsync($"/usr $ {_marker} typed into bash\n");
                }
            }

            Assert.Equal(0, await run.StopAsync());
            Assert.DoesNotContain($"{_marker} typed into calculator", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Zsh_TypedLine_ShowsLineDirectoryAndExitStatus()
    {
        await using TerminalRun run = await TerminalRun.StartAsync("zsh");
        await using (InteractiveZsh zsh = await InteractiveZsh.StartAsync("/usr"))
        {
            await zsh.TypeAsync($"(exit 5) # {_marker}");
            await run.WaitForOutputAsync($"/usr $ (exit 5) # {_marker}\n");
        }

        await run.WaitUntilAsync(() => run.Output.Split('\n').Any(l => l.Contains(" exit 5 after ", StringComparison.Ordinal) && l.EndsWith($"# {_marker}", StringComparison.Ordinal)), "the exit status");
        Assert.Equal(0, await run.StopAsync());
    }

    // A shell as far as this goes: it asks for lines with the library's readline.
    private static async Task<string> CompileAsync(DirectoryInfo folder, string name, string library)
    {
        const string Program = """
            #include <stdlib.h>
            char *readline(const char *prompt);
            int main(void) { char *line; while ((line = readline(getenv("PS1")))) free(line); return 0; }
            """;
        string source = Path.Combine(folder.FullName, name + ".c");
        string program = Path.Combine(folder.FullName, name);
        await File.WriteAllTextAsync(source, Program);
        using Process gcc = Process.Start("gcc", ["-O1", "-o", program, source, library]);
        await gcc.WaitForExitAsync();
        Assert.Equal(0, gcc.ExitCode);
        return program;
    }
}
