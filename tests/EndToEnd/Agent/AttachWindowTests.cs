using System.Diagnostics;
using ECapture.Capture.Modules;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using Diagnosed = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Agent;

/// <summary>Programs that nobody has run before the agent: what the first process did until the probes stood is declared, those after it are captured whole.</summary>
[Collection(CaptureCollection.Name)]
public sealed class AttachWindowTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-window").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("bash", "shell", "/bin/bash", "bash")]
    [InlineData("bash", "shell", "/bin/bash", "renamed")] // found by its content
    [InlineData("zsh", "shell", "/bin/zsh", "zsh")]
    public async Task Shell_NeverSeenBefore_IsDeclaredAndItsSecondRunIsCaptured(string module, string subject, string original, string name)
    {
        string program = Copy(original, name);
        await using CaptureSession session = await CaptureSession.StartAsync(module);

        uint first = await RunAsync(program, "-c", ":");
        Event declared = await DeclaredAsync(session, program);
        uint second = await RunAsync(program, "-c", $"/bin/true {_marker}; :");
        IReadOnlyList<Event> events = await session.StopAsync();

        AssertDeclares(declared, subject, first, events);
        Event command = Assert.Single(events, e => e.ShellCommand?.Text.ToStringUtf8() == "/bin/true " + _marker);
        Assert.Equal((second, module), (command.ShellCommand.Parent, command.ShellCommand.Shell));
        Assert.Single(events, e => e.Coverage?.Target.ToStringUtf8() == program);
    }

    [Theory]
    [InlineData("mysqld", "/usr/sbin/mariadbd", "mariadbd")]
    [InlineData("postgres", "/usr/lib/postgresql/15/bin/postgres", "postgres")]
    public async Task Server_NeverSeenBefore_IsDeclaredAndHasProbes(string module, string original, string name)
    {
        string program = Copy(original, name);
        await using CaptureSession session = await CaptureSession.StartAsync(module);

        uint first = await RunAsync(program, "--version");
        Event declared = await DeclaredAsync(session, program);
        await RunAsync(program, "--version");
        ModuleTarget target = Assert.Single((await session.Agent.ReportAsync()).Modules.Single(m => m.Name == module).Targets, t => t.Path == program);
        IReadOnlyList<Event> events = await session.StopAsync();

        AssertDeclares(declared, module, first, events);
        Assert.Contains("probes", target.Attached, StringComparison.Ordinal);
        Assert.Equal(declared.Coverage.ToNs - declared.Coverage.FromNs, target.WindowNs);
        Assert.Single(events, e => e.Coverage?.Target.ToStringUtf8() == program);
    }

    private static Task<Event> DeclaredAsync(CaptureSession session, string program) =>
        session.WaitForAsync(e => e.Coverage?.Target.ToStringUtf8() == program, "the first run is declared");

    private static void AssertDeclares(Event declared, string subject, uint pid, IReadOnlyList<Event> events)
    {
        Event began = Assert.Single(events, e => e.ProcessExec is not null && e.Process.Pid == pid);
        Assert.Equal((subject, pid, began.BootNs), (declared.Coverage.Subject, declared.Process.Pid, declared.Coverage.FromNs));
        Assert.True(declared.Coverage.ToNs > declared.Coverage.FromNs, declared.ToString());
        Assert.Contains("began before its probes stood", declared.Coverage.Reason, StringComparison.Ordinal);
    }

    // Another inode is another program to the kernel.
    private string Copy(string original, string name)
    {
        string copy = Path.Combine(_folder, name);
        File.Copy(original, copy);
        return copy;
    }

    private static async Task<uint> RunAsync(string program, params string[] arguments)
    {
        using Diagnosed process = Diagnosed.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return process.ExitCode == 0 ? (uint)process.Id : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }
}
