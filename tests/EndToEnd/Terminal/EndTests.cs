using System.Diagnostics;
using System.Globalization;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>How a command ends by a signal: with 0, its files complete, and nothing of it left in the kernel.</summary>
[Collection(CaptureCollection.Name)]
public sealed class EndTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-end-");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    // `make test-end` asks for 2, on a machine that does nothing else.
    private static double? Limit => Environment.GetEnvironmentVariable("TEST_END_SECONDS") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Signal_WhilePacketsAndKeysAreWritten_FilesAreCompleteAndNothingIsAttached(string signal)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string file = Path.Combine(_folder.FullName, "end.pcapng");
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "-m", "pcapng", "-i", "lo", "-w", file);
        string[] links = [.. run.LinkInfo().Select(i => Field(i, "link_id"))];
        string[] programs = [.. run.LinkInfo().Select(i => Field(i, "prog_id"))];
        Assert.Contains(run.LinkInfo(), i => i.Contains("probe_multi\n", StringComparison.Ordinal));
        Assert.Contains(run.LinkInfo(), i => i.Contains("tcx\n", StringComparison.Ordinal));

        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/page?{_marker}");
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(0, await run.StopAsync(signal));
        double took = watch.Elapsed.TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"{signal}: ended {took:0.00} s after the signal, {links.Length} links");

        Assert.Contains(_marker, await Tshark.DecryptedAsync(file, nginx.Port, cancellation), StringComparison.Ordinal);
        await CliTshark.RunAsync(["-r", file, "-q", "-z", "io,stat,0"]); // fails for a file that is cut
        Assert.Equal([file], Directory.GetFiles(_folder.FullName));
        foreach (string link in links)
        {
            await WaitUntilGoneAsync(["link", "show", "id", link]);
        }

        foreach (string program in programs.Where(p => p.Length > 0).Distinct())
        {
            await WaitUntilGoneAsync(["prog", "show", "id", program]);
        }

        foreach (string hook in (string[])["ingress", "egress"])
        {
            (_, string filters) = await RunAsync("tc", ["filter", "show", "dev", "lo", hook]);
            Assert.DoesNotContain(programs, p => p.Length > 0 && filters.Contains($" id {p} ", StringComparison.Ordinal));
        }

        Assert.True(Limit is null || took <= Limit, $"it took {took:0.00} s");
    }

    [Fact]
    public async Task Interrupt_OfACommandThatAScriptPutIntoTheBackground_EndsIt()
    {
        // A shell without job control lets its background processes ignore SIGINT.
        ProcessStartInfo start = new("bash", ["-c", "\"$@\" & wait $!", "bash", Ecapture.Path, "bash"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process shell = Process.Start(start)!;
        try
        {
            Task<string> output = shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            string? line;
            do
            {
                line = await shell.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
            }
            while (line?.Contains("Ctrl-C ends it", StringComparison.Ordinal) == false);

            Assert.NotNull(line);
            string child = File.ReadAllText($"/proc/{shell.Id}/task/{shell.Id}/children").Trim();
            await RunAsync("kill", ["-INT", child]);
            await Task.WhenAll(output, shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).WaitAsync(s_patience, TestContext.Current.CancellationToken);
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
            Assert.Equal(0, shell.ExitCode);
        }
        finally
        {
            if (!shell.HasExited)
            {
                shell.Kill(entireProcessTree: true);
            }
        }
    }

    private static string Field(string info, string name) =>
        info.Split('\n').FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim() ?? "";

    // The kernel frees what was closed a little later.
    private static async Task WaitUntilGoneAsync(string[] arguments)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        while (await RunAsync("bpftool", arguments) is (0, string output))
        {
            Assert.True(Environment.TickCount64 < end, $"bpftool {string.Join(' ', arguments)} still says: {output}");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await Task.WhenAll(errors, process.WaitForExitAsync());
        return (process.ExitCode, output);
    }
}
