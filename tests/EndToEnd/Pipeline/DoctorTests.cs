using System.Diagnostics;
using System.Text.Json;
using ECapture.Capture.Modules;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.EndToEnd.Pipeline;

/// <summary>`ecapture doctor`: what this host can capture, and why not.</summary>
[Collection(CaptureCollection.Name)]
public sealed class DoctorTests
{
    [Fact]
    public async Task Doctor_AsRoot_EveryModuleAttaches()
    {
        Outcome outcome = await Ecapture.RunAsync("doctor", "--json", "--interface", "lo");

        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
        using JsonDocument findings = JsonDocument.Parse(outcome.Output);
        Dictionary<string, JsonElement> modules = findings.RootElement.EnumerateArray()
            .Where(f => f.GetProperty("area").GetString() == "module")
            .ToDictionary(f => f.GetProperty("name").GetString()!);
        foreach (string name in CaptureModules.Names)
        {
            Assert.Equal("ok", modules[name].GetProperty("verdict").GetString());
        }

        Assert.Equal("lo", modules["packet"].GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Doctor_JavaRuns_NamesTheProcessWhoseTlsIsNotCaptured()
    {
        // Waits for a certificate on its standard input.
        using ScriptProcess java = ScriptProcess.Start("/usr/bin/keytool", ["-printcert"]);
        using PeriodicTimer looks = new(TimeSpan.FromMilliseconds(20));
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        while (!File.ReadAllText($"/proc/{java.Pid}/maps").Contains("libjvm.so", StringComparison.Ordinal))
        {
            Assert.True(await looks.WaitForNextTickAsync(patience.Token), "keytool became no Java process");
        }

        Outcome outcome = await Ecapture.RunAsync("doctor", "--json", "--interface", "lo");

        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
        using JsonDocument findings = JsonDocument.Parse(outcome.Output);
        Assert.Contains(findings.RootElement.EnumerateArray(), f =>
            f.GetProperty("area").GetString() == "target" && f.GetProperty("verdict").GetString() == "limited"
            && f.GetProperty("name").GetString() == "keytool"
            && f.GetProperty("detail").GetString()!.Contains($"{java.Pid}", StringComparison.Ordinal)
            && f.GetProperty("detail").GetString()!.Contains("Java's own TLS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Doctor_WithoutPrivileges_SaysWhatIsMissing()
    {
        Outcome outcome = await Ecapture.RunAsync(["doctor"], new Dictionary<string, string>(), user: "65534");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("CAP_BPF", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("run as root", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_OwnPidNamespace_IsSaidWithTheWayOut()
    {
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["--pid", "--fork", "--mount-proc", Ecapture.Path, "version"]) { RedirectStandardOutput = true })!;
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Matches(@"(?m)^container\s.*: the host's processes are not seen$", said);

        Outcome outside = await Ecapture.RunAsync("version");
        Assert.DoesNotContain("not seen", outside.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminal_WithoutACapability_SaysWhichAndHowToGetIt()
    {
        using Process process = Process.Start(new ProcessStartInfo("setpriv", ["--bounding-set", "-bpf,-sys_admin", Ecapture.Path, "tls"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 2, said);
        Assert.Contains("this host lacks privileges: without CAP_BPF", said, StringComparison.Ordinal);
        Assert.Contains("--cap-add", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_InterfaceDoesNotExist_SaysSo()
    {
        Outcome outcome = await Ecapture.RunAsync("doctor", "--interface", "nope0");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("nope0", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Modules_NoAgent_SaysWhatThisHostWouldGiveWithVersions()
    {
        Outcome outcome = await Ecapture.RunAsync("modules", "--data", "/nonexistent/ecapture", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Errors);
        using JsonDocument report = JsonDocument.Parse(outcome.Output);
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("agent").ValueKind);
        JsonElement tls = Assert.Single(report.RootElement.GetProperty("modules").EnumerateArray(), m => m.GetProperty("name").GetString() == "tls");
        Assert.True(tls.GetProperty("isRunning").GetBoolean());
        JsonElement library = Assert.Single(tls.GetProperty("targets").EnumerateArray(), t => t.GetProperty("path").GetString()!.EndsWith("-linux-gnu/libssl.so.3", StringComparison.Ordinal));
        Assert.Matches(@"^OpenSSL 3\.", library.GetProperty("version").GetString());
        Assert.Matches("^[0-9a-f]{40}$", library.GetProperty("buildId").GetString());
        Assert.Empty(report.RootElement.GetProperty("notRunning").EnumerateArray());
    }

    [Fact]
    public async Task Modules_WithoutPrivileges_OneLineAndExitCode2()
    {
        Outcome outcome = await Ecapture.RunAsync(["modules"], new Dictionary<string, string>(), user: "65534");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("root", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }
}
