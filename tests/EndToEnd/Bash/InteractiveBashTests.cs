using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Shells;
using Kind = ECapture.Events.V1.ShellCommand.Types.Kind;

namespace ECapture.Tests.EndToEnd.Bash;

[Collection(CaptureCollection.Name)]
public sealed class InteractiveBashTests : IDisposable
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-bash-").FullName;

    [Fact]
    public async Task Line_Typed_HasTextPlaceAndStatus()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await bash.TypeAsync($"echo {_marker} $$ $PPID $(tty) $(cut -d' ' -f6 /proc/$$/stat)");
        await bash.TypeAsync($"false {_marker}");
        await bash.TypeAsync($"(exit 42) # {_marker}");
        await bash.TypeAsync($"sh -c 'kill -9 $$' {_marker}");
        await bash.TypeLastAsync($"exit 7 # {_marker}");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] lines = Lines(events);
        Assert.Equal(
            [$"echo {_marker} $$ $PPID $(tty) $(cut -d' ' -f6 /proc/$$/stat)", $"false {_marker}", $"(exit 42) # {_marker}", $"sh -c 'kill -9 $$' {_marker}", $"exit 7 # {_marker}"],
            lines.Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.Equal(
            [(0, 0U), (1, 0U), (42, 0U), (137, 9U), (7, 0U)],
            lines.Select(l => Result(events, l)).Select(r => (r.ExitStatus, r.Signal)));

        string[] said = bash.Output.Split('\n').Select(l => l.Trim()).First(l => l.StartsWith(_marker, StringComparison.Ordinal)).Split(' ');
        Assert.All(lines, l =>
        {
            Assert.Equal("bash", l.ShellCommand.Shell);
            Assert.Equal(said[1], $"{l.Process.Pid}");
            Assert.Equal(said[2], $"{l.ShellCommand.Parent}");
            Assert.Equal(said[3], "/dev/" + l.ShellCommand.Terminal.ToStringUtf8());
            Assert.Equal(_folder, l.ShellCommand.Directory.ToStringUtf8());
            Assert.Equal(said[4], $"{l.ShellCommand.Session}");
            Assert.Equal(File.ReadAllText("/proc/self/loginuid"), $"{l.ShellCommand.LoginUid}");
        });
    }

    [Fact]
    public async Task Lines_Typed_EqualTheHistory()
    {
        string history = Path.Combine(_folder, "history");
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await bash.TypeAsync($"HISTFILE={history} HISTCONTROL= HISTSIZE=1000; echo pid=$$ {_marker}");
        await bash.TypeAsync("  echo 'two  blanks before it';  # and behind it ");
        await bash.TypeAsync("false | (exit 3); echo Ärger ü \"$HOME\" `:` \\; cat /dev/null > /dev/null 2>&1 &&:");
        await bash.TypeAsync("wait");
        await bash.TypeAsync("echo the same");
        await bash.TypeAsync("echo the same");
        await bash.TypeAsync($": {new string('x', 20_000)}");
        await bash.TypeAsync("set -o nothing; selec * from t where a = '!'");
        await bash.TypeLastAsync("exit 5");
        IReadOnlyList<Event> events = await session.StopAsync();

        string said = bash.Output.Split('\n').Select(l => l.Trim()).First(l => l.StartsWith("pid=", StringComparison.Ordinal));
        uint pid = uint.Parse(said.AsSpan(4, said.IndexOf(' ', StringComparison.Ordinal) - 4), System.Globalization.CultureInfo.InvariantCulture);
        string[] expected = await File.ReadAllLinesAsync(history, TestContext.Current.CancellationToken);
        Assert.Equal(9, expected.Length);
        Assert.Equal(expected, events.Where(e => e.ShellCommand?.Kind == Kind.Line && e.Process.Pid == pid).Select(e => e.ShellCommand.Text.ToStringUtf8()));
    }

    [Fact]
    public async Task Line_ShellOlderThanTheAgent_IsSeenFromItsFirstLine()
    {
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await bash.TypeAsync($"/bin/true {_marker} first");
        await bash.TypeAsync($"(exit 3) # {_marker} second");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] lines = Lines(events);
        Assert.Equal([$"/bin/true {_marker} first", $"(exit 3) # {_marker} second"], lines.Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.Equal([0, 3], lines.Select(l => Result(events, l).ExitStatus));
        Assert.Single(Commands(events, Kind.Exec)); // the shell was known as one: its child's command is there too
    }

    [Fact]
    public async Task Line_LongWithSpecialCharacters_IsWhole()
    {
        string long10K = $": {_marker} " + string.Concat(Enumerable.Range(0, 1300).Select(i => $"'w{i} ü'"));
        string special = $": {_marker} 'a  b' \"$HOME\" `:` \\; | cat > /dev/null 2>&1 && :";
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await bash.TypeAsync(long10K);
        await bash.TypeAsync(special);
        string longer = $": {_marker} {new string('x', 70_000)}"; // five records
        await bash.TypeAsync(longer);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.True(long10K.Length > 10_000);
        Assert.Equal([long10K, special, longer], Lines(events).Select(l => l.ShellCommand.Text.ToStringUtf8()));
        Assert.All(Lines(events), l => Assert.Null(l.Truncation));
    }

    [Fact]
    public async Task Line_CommandOverSeveralLines_AllEndWithTheCommand()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await bash.TypeAsync("(exit 5)");
        await bash.TypeAsync($"if : {_marker}");
        await bash.TypeAsync($"then : {_marker}; (exit 9)");
        await bash.TypeAsync($"fi # {_marker}");
        await bash.TypeAsync("");
        await bash.TypeAsync("   ");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal([9, 9, 9], Lines(events).Select(l => Result(events, l).ExitStatus));
        Assert.DoesNotContain(events, e => e.ShellCommand is { Kind: Kind.Line } c && c.Text.ToStringUtf8().Trim().Length == 0);
    }

    [Fact]
    public async Task Line_InputOfReadE_IsNoCommand()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder);
        await bash.TypeAsync($"read -e -p \"$PS1\" x; (exit 6) # {_marker}");
        await bash.TypeAsync($"typed {_marker}");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event line = Assert.Single(Lines(events));
        Assert.Equal(6, Result(events, line).ExitStatus);
    }

    [Fact]
    public async Task Line_CopyOfBashUnderAnotherName_IsSeen()
    {
        string copy = Path.Combine(_folder, "harmless");
        File.Copy("/bin/bash", copy);
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        await using InteractiveBash bash = await InteractiveBash.StartAsync(_folder, copy);
        await bash.TypeAsync("sleep 0.5"); // the agent attaches when it sees the program begin; a person types slower than that
        await bash.TypeAsync($"/bin/true {_marker}");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal($"/bin/true {_marker}", Assert.Single(Lines(events)).ShellCommand.Text.ToStringUtf8());
        Assert.Single(Commands(events, Kind.Exec));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Event[] Lines(IReadOnlyList<Event> events) => Commands(events, Kind.Line);

    private Event[] Commands(IReadOnlyList<Event> events, Kind kind) =>
        [.. events.Where(e => e.ShellCommand?.Kind == kind && e.ShellCommand.Text.ToStringUtf8().Contains(_marker, StringComparison.Ordinal))];

    private static ShellResult Result(IReadOnlyList<Event> events, Event command)
    {
        Event[] results = [.. events.Where(e => e.ShellResult?.Command == command.ShellCommand.Command)];
        Assert.True(
            results.Length == 1,
            $"{results.Length} results of {command.ShellCommand} among:\n"
            + string.Join('\n', events.Where(e => e.Topic == "bash" && e.Process.Pid == command.Process.Pid)));
        return results[0].ShellResult;
    }
}
