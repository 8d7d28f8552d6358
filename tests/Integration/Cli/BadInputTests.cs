using ECapture.Tests.Support;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Integration.Cli;

/// <summary>What a user gets wrong: one clear line, exit code 2, and the nearest valid name.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ecapture-cli-");

    public void Dispose() => _data.Delete(recursive: true);

    [Theory]
    [InlineData("--modul is unknown", "capture --modul tls", "unknown option --modul", "--modules")]
    [InlineData("command is unknown", "captur", "unknown command captur", "capture")]
    [InlineData("module is unknown", "capture --modules tlss", "no module tlss", "tls")]
    [InlineData("log has no known scheme", "capture --log redis://x", "redis://x", "kafka://")]
    [InlineData("log port is no port", "capture --log kafka://k1:99999", "99999", "kafka://")]
    [InlineData("log names no directory", "capture --log sqlite:", "sqlite:", "DIR")]
    [InlineData("store has no known scheme", "sink --store mysql://x", "mysql://x", "postgres:")]
    [InlineData("store address holds a password", "sink --store postgres://u:hunter2@127.0.0.1/db", "password", "ECAPTURE_STORE_PASSWORD")]
    [InlineData("sink memory is too small", "sink --log sqlite:/nonexistent --store chdb:/nonexistent --sink-memory 1000", "--sink-memory", "16777216")]
    [InlineData("interface does not exist", "capture --modules packet --interface nope0", "nope0", "lo")]
    [InlineData("payload limit is too large", "capture --payload-limit 99999999", "--payload-limit", "900000")]
    [InlineData("payload limit is a word", "capture --payload-limit much", "'much'", "whole number")]
    [InlineData("since is no time", "events --since yesterdayish", "yesterdayish", "10m")]
    [InlineData("module to search is unknown", "events --module postgress", "postgress", "postgres")]
    [InlineData("port is no port", "events --port 70000", "70000", "65535")]
    [InlineData("filter has no such field", "events --filter port==443&&proces==x", "column 12", "process")]
    [InlineData("format is unknown", "events --format jsn", "jsn", "json")]
    [InlineData("log level is unknown", "capture --log-level loud", "loud", "information")]
    [InlineData("log level of a command that logs nothing", "status --log-level loud", "loud", "information")]
    [InlineData("collector is no address", "events --otlp collector", "collector", "http://")]
    [InlineData("pcap into a folder that is not there", "pcap --since 1h --api http://127.0.0.1:1 -w /nonexistent/a.pcapng", "/nonexistent/a.pcapng", "")]
    [InlineData("API does not answer", "events --api http://127.0.0.1:1", "127.0.0.1:1", "")]
    [InlineData("pcap without a file", "pcap --since 1h", "-w", "")]
    [InlineData("listen is open to all", "query --store postgres://u@127.0.0.1/db --listen http://0.0.0.0:0", "0.0.0.0", "")]
    public async Task Run_BadInput_OneLineAndExitCode2(string @case, string arguments, string named, string advice)
    {
        string[] words = [.. arguments.Split(' '), "--data", _data.FullName];
        if (arguments == "captur")
        {
            words = ["captur"];
        }

        Outcome outcome = await Ecapture.RunAsync(words);

        Assert.True(outcome.ExitCode == 2, $"{@case}: exit code {outcome.ExitCode}, {outcome.Errors}{outcome.Output}");
        string line = Assert.Single(outcome.ErrorLines);
        Assert.StartsWith("ecapture: ", line, StringComparison.Ordinal);
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.Contains(advice, line, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_WithoutPrivileges_SaysWhatIsNeeded()
    {
        Outcome outcome = await Ecapture.RunAsync(["capture", "--data", _data.FullName], new Dictionary<string, string>(), user: "65534");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("root", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events")]
    [InlineData("status")]
    public async Task Reading_DataIsAnothersAlone_SaysSoAndNotThatNothingRuns(string command)
    {
        _data.CreateSubdirectory("run");
        _data.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

        Outcome outcome = await Ecapture.RunAsync([command, "--data", _data.FullName], new Dictionary<string, string>(), user: "65534");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("not open to this user", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sink_StoreDoesNotAnswer_SaysSo()
    {
        Outcome outcome = await Ecapture.RunAsync("sink", "--data", _data.FullName, "--store", $"clickhouse://u@127.0.0.1:{FreePort.Next()}/x");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("127.0.0.1", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_LogIsNoLog_NothingIsTouched()
    {
        DirectoryInfo log = _data.CreateSubdirectory("log");
        foreach (string name in (string[])["catalogue.db", "catalog.db", "log.db"])
        {
            await File.WriteAllTextAsync(Path.Combine(log.FullName, name), "this is no database\n", TestContext.Current.CancellationToken);
        }

        Outcome outcome = await Ecapture.RunAsync("capture", "--data", _data.FullName, "--modules", "tls");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(log.FullName, Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
        Assert.All(log.GetFiles("*.db"), f => Assert.Equal("this is no database\n", File.ReadAllText(f.FullName)));
    }

    [Fact]
    public async Task Environment_NamesNoOption_SaysTheNearest()
    {
        Outcome outcome = await Ecapture.RunAsync(["status"], new Dictionary<string, string> { ["ECAPTURE_STOR"] = "x" });

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("ECAPTURE_STORE", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_OptionOfASearch_IsRead()
    {
        Outcome outcome = await Ecapture.RunAsync(
            ["events", "--api", "http://127.0.0.1:1"], new Dictionary<string, string> { ["ECAPTURE_FORMAT"] = "xml" });

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("'xml'", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigurationFile_NamesNoOption_SaysTheNearest()
    {
        string file = Path.Combine(_data.FullName, "appsettings.json");
        await File.WriteAllTextAsync(file, """{ "modles": ["tls"] }""", TestContext.Current.CancellationToken);

        Outcome outcome = await Ecapture.RunAsync(["status"], new Dictionary<string, string> { ["ECAPTURE_CONFIG"] = file });

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("modules", Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
    }
}
