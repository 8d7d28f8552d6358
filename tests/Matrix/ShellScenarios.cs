using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Shells;
using Kind = ECapture.Events.V1.ShellCommand.Types.Kind;

namespace ECapture.Tests.Matrix;

/// <summary>Interactive shells of every suite, on a terminal: a long line, its status, and what it starts.</summary>
internal static class ShellScenarios
{
    private static readonly (string Tree, string Bash, string Zsh)[] s_versions =
        [("bullseye", "bash 5.1", "zsh 5.8"), ("bookworm", "bash 5.2.15", "zsh 5.9"), ("trixie", "bash 5.2.37", "zsh 5.9 (trixie)"), ("sid", "bash 5.3", "zsh 5.9.2")];

    internal static IEnumerable<Scenario> All(Trees trees)
    {
        foreach ((string tree, string bash, string zsh) in s_versions)
        {
            foreach ((string module, string program) in ((string, string)[])[("bash", bash), ("zsh", zsh)])
            {
                yield return new Scenario(module, program, "interactive", async stop => await RunAsync(await trees.GetAsync(tree, stop), module, program));
            }
        }
    }

    private static async Task<IReadOnlyList<Cell>> RunAsync(Tree tree, string module, string program)
    {
        const int LongLine = 3000;
        string marker = $"m{Guid.NewGuid():n}";
        string command = $"chroot {tree.Folder} /bin/{module}";
        await using InteractiveShell shell = module == "bash" ? await InteractiveBash.StartAsync("/", command) : await InteractiveZsh.StartAsync("/", command);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = [module] });
        string line = $": {marker} {new string('x', LongLine)}";
        string failing = $"/bin/cat /nothere/{marker}";
        await shell.TypeAsync("cd /tmp");
        await shell.TypeAsync(line);
        await shell.TypeAsync(failing);
        await shell.TypeAsync(":");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event? asked = events.FirstOrDefault(e => e.ShellCommand?.Kind == Kind.Line && e.ShellCommand.Text.ToStringUtf8() == failing);
        Event? started = events.FirstOrDefault(e => e.ShellCommand?.Kind == Kind.Exec && e.ShellCommand.Text.ToStringUtf8() == failing);
        Dictionary<string, bool> facts = new()
        {
            ["whole line"] = events.Any(e => e.ShellCommand?.Kind == Kind.Line && e.ShellCommand.Text.ToStringUtf8() == line && e.ShellCommand.Shell == module),
            ["directory"] = asked?.ShellCommand.Directory.ToStringUtf8().EndsWith("/tmp", StringComparison.Ordinal) == true,
            ["exit status"] = asked is not null && events.Any(e => e.ShellResult?.Command == asked.ShellCommand.Command && e.ShellResult.ExitStatus == 1),
        };
        if (module == "bash")
        {
            facts["program started"] = started?.ShellCommand.Executable.ToStringUtf8().EndsWith("/cat", StringComparison.Ordinal) == true;
        }

        return [new Cell(module, program, "shell", "interactive", facts)];
    }
}
