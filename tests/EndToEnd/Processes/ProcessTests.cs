using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using Diagnosed = System.Diagnostics.Process;

namespace ECapture.Tests.EndToEnd.Processes;

[Collection(CaptureCollection.Name)]
public sealed class ProcessTests : IDisposable
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-process-").FullName;

    [Fact]
    public async Task Exec_DeepDirectoryInAnotherMount_HasTheWholePath()
    {
        string deep = Path.Combine([_folder, .. Enumerable.Range(0, 90).Select(i => $"d{i}")]);
        Directory.CreateDirectory(deep);
        await using CaptureSession session = await CaptureSession.StartAsync("process");
        await RunAsync("/usr/bin/sleep", ["0"], deep);
        await RunAsync("/bin/true", [_marker], "/dev/shm");
        await RunAsync("/bin/true", [_marker, "root"], "/");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Contains(events, e => e.ProcessExec?.Directory.ToStringUtf8() == deep);
        Event[] marked = Marked(events);
        Assert.Equal(["/dev/shm", "/"], marked.Select(e => e.ProcessExec.Directory.ToStringUtf8()));
        Assert.All(marked, e => Assert.Equal(RealPath("/bin/true"), e.ProcessExec.Executable.ToStringUtf8()));
        Assert.All(marked, e => Assert.Equal((uint)Environment.ProcessId, e.ProcessExec.Parent));
    }

    [Fact]
    public async Task Exec_LongArguments_AreCutAndSaidSo()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("process");
        await RunAsync("/bin/true", [_marker, new string('x', 100_000)], "/");
        await RunAsync("/bin/true", [_marker, new string('y', 30_000), ""], "/");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] marked = Marked(events);
        Assert.Equal([true, false], marked.Select(e => e.ProcessExec.ArgumentsCut));
        Assert.Equal([3, 4], marked.Select(e => e.ProcessExec.Arguments.Count));
        Assert.Equal(32 * 1024, marked[0].ProcessExec.Arguments.Sum(a => a.Length + 1) - 1);
        Assert.Equal(30_000, marked[1].ProcessExec.Arguments[2].Length);
    }

    [Fact]
    public async Task Exit_StatusAndSignal_AreTheProcess()
    {
        await using CaptureSession session = await CaptureSession.StartAsync("process");
        await RunAsync("/bin/sh", ["-c", "exit 19", _marker], "/");
        await RunAsync("/bin/sh", ["-c", "kill -15 $$", _marker], "/");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(
            [(19, 0U), (0, 15U)],
            Marked(events)
                .Select(s => Assert.Single(events, e => e.ProcessExit is not null && e.Process.Pid == s.Process.Pid && e.Process.StartNs == s.Process.StartNs))
                .Select(e => (e.ProcessExit.ExitStatus, e.ProcessExit.Signal)));
    }

    [Fact]
    public async Task Exec_InAControlGroupNamedAsAContainer_HasItsId()
    {
        string id = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Guid.NewGuid().ToByteArray()));
        using ControlGroup group = ControlGroup.Create($"docker-{id}.scope");
        await using CaptureSession session = await CaptureSession.StartAsync("process");
        await group.RunAsync("/bin/true", _marker);
        IReadOnlyList<Event> events = await session.StopAsync();

        Event started = Marked(events).Single(e => e.ProcessExec.Arguments.Count == 2);
        Assert.Equal(id, started.ProcessExec.Container);
        Assert.Equal($"/docker-{id}.scope", started.ProcessExec.Cgroup.ToStringUtf8());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Event[] Marked(IReadOnlyList<Event> events) =>
        [.. events.Where(e => e.ProcessExec?.Arguments.Any(a => a.ToStringUtf8().Contains(_marker, StringComparison.Ordinal)) == true)];

    private static string RealPath(string path) => Path.GetFullPath(path).StartsWith("/bin/", StringComparison.Ordinal) && new DirectoryInfo("/bin").LinkTarget is not null
        ? "/usr" + path
        : path;

    private static async Task RunAsync(string file, string[] arguments, string directory)
    {
        using Diagnosed process = Diagnosed.Start(new System.Diagnostics.ProcessStartInfo(file, arguments) { WorkingDirectory = directory })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
