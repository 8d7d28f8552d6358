using ECapture.Tests.Support;

namespace ECapture.Tests.EndToEnd;

/// <summary>A control group (version 2) of its own; removed in the end, when its processes have ended.</summary>
internal sealed class ControlGroup : IDisposable
{
    private readonly string _folder;

    private ControlGroup(string folder) => _folder = folder;

    internal string Name => Path.GetFileName(_folder);

    /// <param name="name">Its name; null: one that nobody else has.</param>
    internal static ControlGroup Create(string? name = null)
    {
        string root = new[] { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" }.First(d => File.Exists(Path.Combine(d, "cgroup.procs")));
        string folder = Path.Combine(root, name ?? $"ecapture-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        return new ControlGroup(folder);
    }

    /// <summary>Runs a program in it, from its first instruction on.</summary>
    internal ServerProcess Start(string program, params string[] arguments) =>
        ServerProcess.Start("/bin/sh", ["-c", $"echo $$ > {_folder}/cgroup.procs && exec \"$0\" \"$@\"", program, .. arguments]);

    /// <summary>Runs a program in it to its end, which must be a good one.</summary>
    /// <returns>Its pid.</returns>
    internal async Task<uint> RunAsync(string program, params string[] arguments)
    {
        await using ServerProcess process = Start(program, arguments);
        int code = await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"{program} ended with {code}: {process.Output}");
        return (uint)process.Id;
    }

    public void Dispose() => Directory.Delete(_folder);
}
