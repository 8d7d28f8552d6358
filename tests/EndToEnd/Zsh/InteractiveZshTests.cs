using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Shells;
using Kind = ECapture.Events.V1.ShellCommand.Types.Kind;

namespace ECapture.Tests.EndToEnd.Zsh;

/// <summary>Lines typed into zsh; its own history file is the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class InteractiveZshTests : IDisposable
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-zsh-").FullName;

    [Fact]
    public async Task Line_Typed_HasTextPlaceAndStatusAndEqualsTheHistory()
    {
        string history = Path.Combine(_folder, "history");
        await using CaptureSession session = await CaptureSession.StartAsync("zsh");
        await using InteractiveZsh zsh = await InteractiveZsh.StartAsync(_folder);
        await zsh.TypeAsync($"HISTFILE={history} SAVEHIST=100 HISTSIZE=100; setopt incappendhistory; : {_marker}");
        await zsh.TypeAsync($"echo {_marker} $$ $PPID $TTY $(cut -d' ' -f6 /proc/$$/stat)");
        await zsh.TypeAsync($"false {_marker}");
        await zsh.TypeAsync($"(exit 42) # {_marker}");
        await zsh.TypeAsync($"sh -c 'kill -9 $$' {_marker}");
        await zsh.TypeAsync($"precmd() {{ false }}; (exit 3) ; : Ärger ü {_marker} 'a  b' \"$HOME\" `:` \\; | cat > /dev/null 2>&1 && (exit 4)");
        await zsh.TypeAsync("");
        await zsh.TypeLastAsync($"exit 7 # {_marker}");
        IReadOnlyList<Event> events = await session.StopAsync();

        string[] expected = [.. await HistoryAsync(history)];
        Event[] lines = Lines(events);
        Assert.Equal(7, lines.Length);
        Assert.Equal(expected, lines.Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.Equal([0, 0, 1, 42, 137, 4, 7], lines.Select(l => Result(events, l).ExitStatus));

        string[] said = zsh.Output.Split('\n').Select(l => l.Trim()).First(l => l.StartsWith(_marker, StringComparison.Ordinal)).Split(' ');
        Assert.All(lines, l =>
        {
            Assert.Equal("zsh", l.Topic);
            Assert.Equal("zsh", l.ShellCommand.Shell);
            Assert.Equal(said[1], $"{l.Process.Pid}");
            Assert.Equal(said[2], $"{l.ShellCommand.Parent}");
            Assert.Equal(said[3], "/dev/" + l.ShellCommand.Terminal.ToStringUtf8());
            Assert.Equal(_folder, l.ShellCommand.Directory.ToStringUtf8());
            Assert.Equal(said[4], $"{l.ShellCommand.Session}");
            Assert.Equal(File.ReadAllText("/proc/self/loginuid"), $"{l.ShellCommand.LoginUid}");
            Assert.Equal((uint)0, l.Process.Uid);
        });
    }

    [Fact]
    public async Task Line_ShellOlderThanTheAgent_IsSeenFromItsFirstLine()
    {
        await using InteractiveZsh zsh = await InteractiveZsh.StartAsync(_folder);
        await using CaptureSession session = await CaptureSession.StartAsync("zsh");
        await zsh.TypeAsync($"/bin/true {_marker} first");
        await zsh.TypeAsync($"(exit 3) ; : {_marker} second; (exit 6)");
        await zsh.TypeLastAsync("exit");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] lines = Lines(events);
        Assert.Equal([$"/bin/true {_marker} first", $"(exit 3) ; : {_marker} second; (exit 6)"], lines.Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.Equal([0, 6], lines.Select(l => Result(events, l).ExitStatus));
        Assert.Single(Commands(events, Kind.Exec)); // the shell was known as one: its child's command is there too
    }

    [Fact]
    public async Task Line_PastedLongOrOverSeveralLines_IsWhole()
    {
        string longer = $": {_marker} {new string('x', 70_000)} ü";
        await using CaptureSession session = await CaptureSession.StartAsync("zsh");
        await using InteractiveZsh zsh = await InteractiveZsh.StartAsync(_folder);
        await zsh.PasteAsync(longer);
        await zsh.TypeAsync($"if : {_marker}");
        await zsh.TypeAsync($"then : {_marker}; (exit 9)");
        await zsh.TypeAsync($"fi # {_marker}");
        await zsh.TypeAsync($"vared -c -p '<ready>' x; : {_marker} vared; (exit 6)");
        await zsh.TypeAsync($"{_marker} typed into vared");
        await zsh.TypeAsync($"PS3='<ready>'; select x in one; do break; done; : {_marker} select; (exit 8)");
        await zsh.TypeAsync("1");
        await zsh.TypeLastAsync("exit");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] lines = Lines(events);
        Assert.Equal(
            [
                longer, $"if : {_marker}", $"then : {_marker}; (exit 9)", $"fi # {_marker}",
                $"vared -c -p '<ready>' x; : {_marker} vared; (exit 6)",
                $"PS3='<ready>'; select x in one; do break; done; : {_marker} select; (exit 8)",
            ],
            lines.Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.All(lines, l => Assert.Null(l.Truncation));
        Assert.Equal([0, 9, 9, 9, 6, 8], lines.Select(l => Result(events, l).ExitStatus));
        Assert.DoesNotContain(events, e => e.ShellCommand is { Kind: Kind.Line } c && c.Text.ToStringUtf8() == "1");
    }

    [Theory]
    [InlineData("harmless")]
    [InlineData("bash")]
    public async Task Line_CopyOfZshUnderAnotherName_IsSeen(string name)
    {
        string copy = Path.Combine(_folder, name);
        File.Copy("/bin/zsh", copy);
        await using CaptureSession session = await CaptureSession.StartAsync("bash", "zsh");
        await using InteractiveZsh zsh = await InteractiveZsh.StartAsync(_folder, copy);
        await zsh.TypeAsync("sleep 0.5"); // the agent attaches when it sees the program begin; a person types slower than that
        await zsh.TypeAsync($"/bin/true {_marker}");
        await zsh.TypeLastAsync("exit");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event line = Assert.Single(Lines(events));
        Assert.Equal(("zsh", $"/bin/true {_marker}"), (line.Topic, line.ShellCommand.Text.ToStringUtf8()));
        Event command = Assert.Single(Commands(events, Kind.Exec));
        Assert.Equal(("zsh", "zsh"), (command.Topic, command.ShellCommand.Shell));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // zsh itself says what is in the file: it writes some bytes in a way of its own.
    private async Task<IEnumerable<string>> HistoryAsync(string file)
    {
        using System.Diagnostics.Process reader = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "zsh", ["-f", "-c", $"fc -R {file}; fc -l -n 1 9999"])
        { RedirectStandardOutput = true, WorkingDirectory = _folder })!;
        string output = await reader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await reader.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Split('\n').Where(l => l.Contains(_marker, StringComparison.Ordinal));
    }

    private Event[] Lines(IReadOnlyList<Event> events) => Commands(events, Kind.Line);

    private Event[] Commands(IReadOnlyList<Event> events, Kind kind) =>
        [.. events.Where(e => e.ShellCommand?.Kind == kind && e.ShellCommand.Text.ToStringUtf8().Contains(_marker, StringComparison.Ordinal))];

    private static ShellResult Result(IReadOnlyList<Event> events, Event command)
    {
        Event[] results = [.. events.Where(e => e.Topic == "zsh" && e.ShellResult?.Command == command.ShellCommand.Command)];
        Assert.True(
            results.Length == 1,
            $"{results.Length} results of {command.ShellCommand} among:\n"
            + string.Join('\n', events.Where(e => e.Topic == "zsh" && e.Process.Pid == command.Process.Pid)));
        return results[0].ShellResult;
    }
}
