using System.Collections;
using ECapture.Cli;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;

namespace ECapture.Tests.Unit.Cli;

public sealed class OptionChecksTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-options-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_SeveralSettingsWrong_SaysAllWithOptionValueAndRange()
    {
        string policy = Write("policy.json", "{\"modules\": {\n\"tsl\": {},\n\"tls\": {\"rotation\": \"dayly\"}}}");

        (int exitCode, string errors) = await RunAsync(
            "capture", "--log", "nope:x", "--payload-limit", "12", "--log-limit", "1", "--modules", "tls,bsh", "--exclude-pid", "0", "--log-level", "loud",
            "--policy", policy);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.StartsWith("ecapture: 7 settings cannot be used, nothing was started:\n", errors, StringComparison.Ordinal);
        Assert.Contains("--log-level: 'loud' is none of trace, debug, information, warning, error", errors, StringComparison.Ordinal);
        Assert.Contains("--modules: there is no module bsh (did you mean bash?)", errors, StringComparison.Ordinal);
        Assert.Contains("--payload-limit: '12' is no whole number from 64 to 900000", errors, StringComparison.Ordinal);
        Assert.Contains("--log-limit: '1' is no whole number from 16777216", errors, StringComparison.Ordinal);
        Assert.Contains("--exclude-pid: '0' is no process id", errors, StringComparison.Ordinal);
        Assert.Contains("--log: ", errors, StringComparison.Ordinal);
        Assert.Contains("nope:x", errors, StringComparison.Ordinal);
        Assert.Contains($"{policy}:2: modules.tsl: there is no such module; did you mean tls?", errors, StringComparison.Ordinal);
        Assert.Contains($"{policy}:3: modules.tls.rotation: \"dayly\" is none of day, hour; did you mean day?", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ServiceSettingsWrong_SaysAllWithOptionValueAndRange()
    {
        string noKey = Write("none.pem", "nothing");

        (int exitCode, string errors) = await RunAsync(
            "run", "--sink-memory", "12", "--store-capacity", "1", "--query-timeout", "soon", "--listen", "ftp://x", "--tls-certificate", noKey, "--four-eyes",
            "--tls-client-ca", noKey, "--seal-to", noKey, "--key", noKey, "--user", "no-such-user-of-ecapture", "--btf", "7");

        Assert.Equal(ExitCode.Usage, exitCode);
        foreach (string wrong in (string[])
            [
                "--sink-memory: '12' is no whole number from 16777216 to 68719476736",
                "--store-capacity: '1' is no whole number from 1048576",
                "--query-timeout: 'soon' is no length of time up to a day",
                "--listen: ",
                "--tls-certificate and --tls-key belong together",
                $"--tls-client-ca: {noKey} holds no certificate",
                $"--seal-to: {noKey}",
                $"--key: {noKey}",
                "--user: there is no user no-such-user-of-ecapture",
                "--btf: '7' is none of 0, 1, 2",
            ])
        {
            Assert.Contains(wrong, errors, StringComparison.Ordinal);
        }

        (_, errors) = await RunAsync("capture", "--log-group", "no-such-group-of-ecapture", "--health", "1.2.3.4");
        Assert.Contains("--log-group: there is no group 'no-such-group-of-ecapture'", errors, StringComparison.Ordinal);
        Assert.Contains("--health: '1.2.3.4' is no http address", errors, StringComparison.Ordinal);

        (_, errors) = await RunAsync("reconcile", "--since", "yesterday", "--until", "x");
        Assert.Contains("--since: 'yesterday' is no time", errors, StringComparison.Ordinal);
        Assert.Contains("--until: 'x' is no time", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yes", null)]
    [InlineData("True", null)]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData("false", false)]
    [InlineData("", false)]
    public void IsSet_ValueOfTheEnvironment_IsSetOrNotOrRefused(string value, bool? expected)
    {
        Settings settings = Settings.Load(["require-token"], new Hashtable { ["ECAPTURE_REQUIRE_TOKEN"] = value });
        OptionReader options = new(EntryPoint.CreateRoot().Parse(["query"]), settings);

        if (expected is { } isSet)
        {
            Assert.Equal(isSet, options.IsSet(CommonOptions.RequireToken));
        }
        else
        {
            UsageException refused = Assert.Throws<UsageException>(() => OptionChecks.Run(EntryPoint.CreateRoot().Subcommands.Single(c => c.Name == "query"), options, []));
            Assert.Equal($"--require-token: '{value}' is neither true nor false", refused.Message);
        }
    }

    [Fact]
    public async Task Run_ServiceIsAsked_KeyFilesOfTheConfigurationAreNotRead()
    {
        string file = Path.Combine(_folder.FullName, "out.pcapng");

        (_, string errors) = await RunAsync("pcap", "--api", "http://127.0.0.1:1", "--key", "/no/such/key", "-w", file, "--reason", "test");

        Assert.Contains("127.0.0.1:1", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("/no/such/key", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_VariablesThatAreNoOptions_AreTaken()
    {
        Hashtable environment = [];
        foreach (string name in (string[])["ECAPTURE_TOKEN", "ECAPTURE_TOKEN_FILE", "ECAPTURE_API_CERTIFICATE", "ECAPTURE_CLIENT_CERTIFICATE", "ECAPTURE_STORE_PASSWORD"])
        {
            environment[name] = "x";
        }

        Assert.Empty(Settings.Load([], environment).Errors);
    }

    [Fact]
    public void ArgumentsOf_CommandForTheStoresOwner_TakesItsLogAlong()
    {
        OptionReader options = new(
            EntryPoint.CreateRoot().Parse(["reconcile", "--log", "kafka://k1:9092", "--data", "/d"]), Settings.Load([], new Hashtable()));

        IReadOnlyList<string> arguments = AdminTarget.ArgumentsOf(options, new DataDirectory("/d"), "reconcile", [new("json", "true")]);

        Assert.Equal(["admin", "--data", "/d", "--store", "chdb:/d/store", "--operation", "reconcile", "--log", "kafka://k1:9092", "--parameter", "json=true"], arguments);
    }

    [Fact]
    public async Task Run_OneSettingWrong_OneLine()
    {
        (int exitCode, string errors) = await RunAsync("sink", "--store", "nope:x");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Run_UnknownOptions_SaysEach()
    {
        (int exitCode, string errors) = await RunAsync("sink", "--stor", "x", "--grup", "y");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("unknown option --stor; did you mean --store?", errors, StringComparison.Ordinal);
        Assert.Contains("unknown option --grup; did you mean --group?", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileAndEnvironmentWithErrors_CollectsThem()
    {
        string file = Write("appsettings.json", """{ "stor": "x", "log": {"a": 1}, "group": "g" }""");
        Hashtable environment = new() { ["ECAPTURE_CONFIG"] = file, ["ECAPTURE_LISTN"] = "x", ["ECAPTURE_STORE"] = "chdb:/x" };

        Settings settings = Settings.Load(["store", "log", "group", "listen"], environment);

        Assert.Equal(3, settings.Errors.Count);
        Assert.Contains(settings.Errors, e => e.Contains("\"stor\" is no setting of ecapture; did you mean store?", StringComparison.Ordinal));
        Assert.Contains(settings.Errors, e => e.Contains("\"log\" must be a text", StringComparison.Ordinal));
        Assert.Contains(settings.Errors, e => e.Contains("ECAPTURE_LISTN is no setting of ecapture; did you mean ECAPTURE_LISTEN?", StringComparison.Ordinal));
        Assert.Equal(("g", "chdb:/x"), (settings.Find("group"), settings.Find("store")));
    }

    [Fact]
    public async Task PolicyCheck_File_OneLineAnErrorOrOk()
    {
        string wrong = Write("wrong.json", "{\"modules\": {\"tls\": {\"retention\": {\"age\": \"90x\"},\n\"agent\": {\"keep\": -1}}}}");
        string right = Write("right.json", """{"modules": {"tls": {"redact": ["cookie"], "keys": "keep"}}}""");

        (int exitCode, string errors) = await RunAsync("policy", "check", wrong);
        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Equal(
            [$"{wrong}:1: modules.tls.retention.age: \"90x\" is no duration; give e.g. 36h, 90d", $"{wrong}:2: modules.tls.agent.keep: -1 is no size; give e.g. 4096, 64KiB"],
            errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        (exitCode, string output) = await RunAsync("policy", "check", right);
        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.StartsWith($"{right}: ok\n{right}: warning: tls: keys are kept", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PolicyShow_Module_SaysWhereEachValueComesFrom()
    {
        string file = Write("policy.json", "{\"modules\": {\n\"default\": {\"rotation\": \"hour\"},\n\"tls\": {\"sink\": {\"keep\": \"1KiB\"}}}}");

        (int exitCode, string output) = await RunAsync("policy", "show", "--policy", file, "--module", "tls");
        Assert.Equal((exitCode, output), await RunAsync("policy", "show", file, "--module", "tls"));

        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Matches(@"sink\.keep +1KiB +line 3, modules\.tls\.sink\.keep", output);
        Assert.Matches(@"rotation +hour +line 2, modules\.default\.rotation", output);
        Assert.Matches(@"agent\.keep +512KiB +default", output);

        (_, string json) = await RunAsync("policy", "show", "--policy", file, "--module", "tls", "--json");
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(json);
        System.Text.Json.JsonElement keep = document.RootElement.GetProperty("modules").GetProperty("tls").GetProperty("sink.keep");
        Assert.Equal((1024, 3), (keep.GetProperty("value").GetInt32(), keep.GetProperty("line").GetInt32()));

        (exitCode, string errors) = await RunAsync("policy", "show", "--module", "tsl");
        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("did you mean tls?", errors, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        using StringWriter said = new();
        int exitCode = await EntryPoint.RunAsync(arguments, said, said);
        return (exitCode, said.ToString());
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }
}
