using System.Diagnostics;
using System.Text;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using Diagnosed = System.Diagnostics.Process;
using Kind = ECapture.Events.V1.ShellCommand.Types.Kind;

namespace ECapture.Tests.EndToEnd.Bash;

/// <summary>What scripts start; strace is the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ShellCommandTests : IDisposable
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-script-").FullName;

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    public async Task Exec_ScriptWithPipesSubshellsBackground_EqualsStrace(string shell)
    {
        string script = Path.Combine(_folder, "job.sh");
        await File.WriteAllTextAsync(script, $"""
            #!/bin/{shell}
            /bin/echo {_marker} one 'two  three' ""
            /bin/echo {_marker} piped | /bin/cat - | /usr/bin/tail -n 1
            ( cd /usr; /bin/true {_marker} subshell )
            /bin/sleep 0.05 &
            wait
            x=$(/bin/echo {_marker} substituted)
            {shell} -c '/bin/true "$0"; exec /bin/false "$0"' {_marker}
            sh -c "/bin/true {_marker} dash; /bin/true {_marker} last"
            exec /bin/sh -c "exit 23" {_marker}
            """, TestContext.Current.CancellationToken);
        string trace = Path.Combine(_folder, "trace");
        await using CaptureSession session = await CaptureSession.StartAsync("bash", "zsh");
        await RunAsync("strace", ["-f", "-qq", "-s", "4096", "-v", "-e", "trace=execve", "-e", "signal=none", "-o", trace, shell, script]);
        IReadOnlyList<Event> events = await session.StopAsync();

        // strace names threads; every one here is a process. Its first is bash itself, which strace started, not a shell.
        (uint Pid, string Arguments)[] expected = [.. Succeeded(File.ReadLines(trace)).Skip(1).Select(ParseTrace)];
        uint[] pids = [.. expected.Select(e => e.Pid).Distinct()];
        Event[] commands = [.. events.Where(e => e.ShellCommand?.Kind == Kind.Exec && pids.Contains(e.Process.Pid))];

        Assert.True(expected.Length >= 14, $"strace saw {expected.Length}");
        Assert.Equal(
            expected.Select(e => $"{e.Pid} {e.Arguments}").Order(StringComparer.Ordinal),
            commands.Select(c => $"{c.Process.Pid} {Quote(c.ShellCommand.Arguments.Select(a => a.ToStringUtf8()))}").Order(StringComparer.Ordinal));

        Event subshell = commands.Single(c => c.ShellCommand.Text.ToStringUtf8().EndsWith("subshell", StringComparison.Ordinal));
        Assert.Equal("/usr", subshell.ShellCommand.Directory.ToStringUtf8());
        Assert.Equal((shell, shell), (subshell.ShellCommand.Shell, subshell.Topic));
        Assert.Equal("dash", commands.Single(c => c.ShellCommand.Text.ToStringUtf8().EndsWith(" dash", StringComparison.Ordinal)).ShellCommand.Shell);
        Assert.All(commands.Where(c => c != subshell), c => Assert.Equal(_folder, c.ShellCommand.Directory.ToStringUtf8()));
        Assert.All(commands, c => Assert.Single(events, e => e.ShellResult?.Command == c.ShellCommand.Command));
        Assert.Equal(23, ResultOf(events, commands.Last(c => c.ShellCommand.Text.ToStringUtf8().Contains("exit 23", StringComparison.Ordinal))).ExitStatus);
        Event replaced = commands.Single(c => c.ShellCommand.Executable.ToStringUtf8().EndsWith("/false", StringComparison.Ordinal));
        Event replacing = commands.Single(c => c.Process.Pid == replaced.Process.Pid && c != replaced);
        Assert.Equal([1, 1], new[] { replaced, replacing }.Select(c => ResultOf(events, c).ExitStatus)); // bash -c '… exec /bin/false'
    }

    [Fact]
    public async Task Exec_OneMillisecondProcess_HasEverything()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("bash");
        using Diagnosed shell = Diagnosed.Start(new ProcessStartInfo("bash", ["-c", $"/bin/true {_marker}; :"]) { WorkingDirectory = _folder })!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        IReadOnlyList<Event> events = await session.StopAsync();

        Event command = Assert.Single(events, e => e.ShellCommand is { } c && c.Arguments.Count == 2 && c.Arguments[1].ToStringUtf8() == _marker);
        Assert.Equal((uint)shell.Id, command.ShellCommand.Parent);
        Assert.Equal(_folder, command.ShellCommand.Directory.ToStringUtf8());
        Assert.EndsWith("/bin/true", command.ShellCommand.Executable.ToStringUtf8(), StringComparison.Ordinal);
        Event exec = Assert.Single(events, e => e.ProcessExec is not null && e.Process.Pid == command.Process.Pid && e.Process.StartNs == command.Process.StartNs);
        Assert.Equal(_folder, exec.ProcessExec.Directory.ToStringUtf8());
        Event exit = Assert.Single(events, e => e.ProcessExit is not null && e.Process.Pid == command.Process.Pid);
        Assert.Equal((0, 0U), (exit.ProcessExit.ExitStatus, exit.ProcessExit.Signal));
        Assert.InRange(exit.ProcessExit.DurationNs, 1UL, 60_000_000_000UL);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ShellResult ResultOf(IReadOnlyList<Event> events, Event command) =>
        events.Single(e => e.ShellResult?.Command == command.ShellCommand.Command).ShellResult;

    // A call that another process's interrupted is printed in two parts.
    private static IEnumerable<string> Succeeded(IEnumerable<string> trace)
    {
        Dictionary<string, string> begun = [];
        foreach (string line in trace)
        {
            string pid = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            if (line.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                begun[pid] = line;
            }
            else if (line.EndsWith("= 0", StringComparison.Ordinal))
            {
                yield return line.Contains("<... execve resumed>", StringComparison.Ordinal) ? begun[pid] : line;
            }
        }
    }

    // 1234 execve("/bin/echo", ["/bin/echo", "x"], [...]) = 0
    private static (uint Pid, string Arguments) ParseTrace(string line)
    {
        int from = line.IndexOf('[', StringComparison.Ordinal);
        int to = line.IndexOf("], [", StringComparison.Ordinal);
        return (uint.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture), line[(from + 1)..to]);
    }

    // As strace prints strings.
    private static string Quote(IEnumerable<string> arguments) => string.Join(
        ", ", arguments.Select(a => new StringBuilder("\"").Append(a.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"')));

    private async Task RunAsync(string file, string[] arguments)
    {
        using Diagnosed process = Diagnosed.Start(new ProcessStartInfo(file, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains(_marker, output, StringComparison.Ordinal);
    }
}
