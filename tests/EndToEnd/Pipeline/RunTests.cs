using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.EndToEnd.Pipeline;

/// <summary>`ecapture run`: both halves, what happens when one dies, and how it ends.</summary>
[Collection(CaptureCollection.Name)]
public sealed class RunTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // The service's user must be able to enter it.
    private readonly DirectoryInfo _data = Directory.CreateDirectory($"/var/tmp/ecapture-run-test-{Guid.NewGuid():N}");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Run_ServiceIsKilled_StartsAgainAndEveryCommandIsThereOnce()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string[] markers = [.. Enumerable.Range(0, 3).Select(i => $"marker{i}{Guid.NewGuid():N}")];
        await using EcaptureService run = EcaptureService.Start(
            ["run", "--data", _data.FullName, "--modules", "bash", "--listen", "http://127.0.0.1:0"],
            new Dictionary<string, string>(),
            startsFor: "ecapture");
        await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);

        await ShellAsync(markers[0], cancellationToken);
        await FindAsync(run, markers[0], cancellationToken);
        int service = PidOf("service");
        using (Process killed = Process.GetProcessById(service))
        {
            killed.Kill();
        }

        await ShellAsync(markers[1], cancellationToken); // kept by the log while nobody reads it
        await run.WaitUntilAsync(() => Task.FromResult(PidOf("service") is var pid && pid != 0 && pid != service), "the service runs again", s_patience, cancellationToken);
        await ShellAsync(markers[2], cancellationToken);

        foreach (string marker in markers)
        {
            string[] found = await FindAsync(run, marker, cancellationToken);
            Assert.Single(found);
        }

        Outcome modules = await Ecapture.RunAsync("modules", "--data", _data.FullName, "--json");
        Assert.True(modules.ExitCode == 0, modules.Errors);
        using JsonDocument report = JsonDocument.Parse(modules.Output);
        Assert.Equal(PidOf("capture"), report.RootElement.GetProperty("agent").GetProperty("pid").GetInt32());
        JsonElement bash = Assert.Single(report.RootElement.GetProperty("modules").EnumerateArray(), m => m.GetProperty("name").GetString() == "bash");
        Assert.True(bash.GetProperty("isRunning").GetBoolean());
        Assert.InRange(bash.GetProperty("events").GetInt64(), markers.Length, long.MaxValue);
        Assert.Contains(bash.GetProperty("targets").EnumerateArray(), t => t.GetProperty("version").GetString()!.StartsWith("Bash version ", StringComparison.Ordinal));
        Assert.Contains(report.RootElement.GetProperty("notRunning").EnumerateArray(), m => m.GetString() == "tls");

        int[] children = [PidOf("service"), PidOf("capture")];
        (int exitCode, TimeSpan took) = await run.InterruptAsync();
        Assert.True(exitCode == 0, run.Said);
        Assert.True(took < TimeSpan.FromSeconds(60), $"it took {took} to end");
        Assert.All(children, pid => Assert.False(Directory.Exists($"/proc/{pid}"), $"process {pid} is left"));
        Outcome status = await Ecapture.RunAsync("status", "--data", _data.FullName);
        Assert.Equal(1, status.ExitCode);
        Assert.Contains("capture: not running", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithAFilter_KeepsWhatItAllowsAndSaysSoAndEventsReadTheStoreThemselves()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string marker = "marker" + Guid.NewGuid().ToString("N");
        await using (EcaptureService run = EcaptureService.Start(
            ["run", "--data", _data.FullName, "--modules", "bash", "--listen", "http://127.0.0.1:0", "--exe", "true,dash", "--ignore", "dash,nobody", "--uid", "0,65533"],
            new Dictionary<string, string>(),
            startsFor: "ecapture"))
        {
            await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);
            using (Process other = Process.Start("/bin/bash", ["-c", $"/usr/bin/test -n {marker}-other; exit 0"]))
            {
                await other.WaitForExitAsync(cancellationToken);
            }

            await ShellAsync(marker, cancellationToken);
            await FindAsync(run, marker, cancellationToken);
        }

        async Task<string> EventsAsync(params string[] filter)
        {
            Outcome events = await Ecapture.RunAsync(["events", "--data", _data.FullName, .. filter], new Dictionary<string, string>(), startsFor: "ecapture");
            Assert.True(events.ExitCode == 0, events.Errors);
            return events.Output;
        }

        string found = await EventsAsync("--module", "bash", "--text", marker);
        Assert.Contains("/bin/true " + marker, found, StringComparison.Ordinal);
        Assert.DoesNotContain(marker + "-other", found, StringComparison.Ordinal);
        Assert.Contains("captured is only what the filter allows: --uid 0,65533 --ignore dash,nobody --exe true,dash", await EventsAsync("--module", "agent"), StringComparison.Ordinal);
    }

    private static async Task ShellAsync(string marker, CancellationToken cancellationToken)
    {
        using Process bash = Process.Start("/bin/bash", ["-c", $"/bin/true {marker}; exit 3"]);
        await bash.WaitForExitAsync(cancellationToken);
    }

    private async Task<string[]> FindAsync(EcaptureService run, string marker, CancellationToken cancellationToken)
    {
        string[] found = [];
        await run.WaitUntilAsync(
            async () =>
            {
                // The API is away while the service starts again: asked again then.
                Outcome events = await Ecapture.RunAsync(
                    "events", "--data", _data.FullName, "--module", "bash", "--text", "/bin/true " + marker, "--format", "ndjson");
                found = [.. events.Output.Split('\n').Where(l => l.Contains(marker, StringComparison.Ordinal))];
                return found.Length > 0;
            },
            $"{marker} is found", s_patience, cancellationToken);
        return found;
    }

    private int PidOf(string service)
    {
        string file = Path.Combine(_data.FullName, "run", service + ".json");
        if (!File.Exists(file))
        {
            return 0;
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        int pid = document.RootElement.GetProperty("pid").GetInt32();
        return Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}")) ? pid : 0;
    }
}
