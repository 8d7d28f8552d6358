using System.Globalization;
using ECapture.Tests.EndToEnd.Tls;

namespace ECapture.Tests.EndToEnd.Filters;

/// <summary>A program that bash starts in its own process once it is told to, so that its pid is known and its control group is set before it runs.</summary>
internal sealed class WaitingProgram : IDisposable
{
    private readonly ScriptProcess _process;

    private WaitingProgram(ScriptProcess process) => _process = process;

    internal uint Pid => _process.Pid;

    /// <summary>Makes the process.</summary>
    /// <param name="uid">Its user; null: this one's.</param>
    /// <param name="cgroup">Folder of its control group; null: this one's.</param>
    /// <param name="program">What it will run.</param>
    /// <param name="arguments">With which arguments.</param>
    internal static Task<WaitingProgram> StartAsync(uint? uid, string? cgroup, string program, params string[] arguments) => StartAsync(uid, cgroup, [], program, arguments);

    /// <summary>As above, with more environment variables.</summary>
    internal static async Task<WaitingProgram> StartAsync(
        uint? uid, string? cgroup, (string Name, string Value)[] environment, string program, params string[] arguments)
    {
        const string Wait = "echo ready; read go; exec \"$0\" \"$@\"";
        string[] bash = ["/bin/bash", "-c", Wait, program, .. arguments];
        ScriptProcess process = uid is { } user
            ? ScriptProcess.Start("/usr/bin/setpriv", ["--reuid", user.ToString(CultureInfo.InvariantCulture), "--clear-groups", .. bash], environment)
            : ScriptProcess.Start(bash[0], bash[1..], environment);
        if (await process.ReadLineAsync() is not "ready" and string said)
        {
            throw new InvalidOperationException($"bash said {said}");
        }

        if (cgroup is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(cgroup, "cgroup.procs"), process.Pid.ToString(CultureInfo.InvariantCulture));
        }

        return new WaitingProgram(process);
    }

    /// <summary>Lets it run to its end.</summary>
    internal async Task RunAsync()
    {
        _process.WriteLine("go");
        await _process.WaitForExitAsync();
    }

    public void Dispose() => _process.Dispose();
}
