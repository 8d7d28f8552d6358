using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using ECapture.Cli;
using ECapture.Cli.Options;
using ECapture.Log;
using ECapture.Query;
using ECapture.Storage;

namespace ECapture.Tests.Unit.Deploy;

/// <summary>No container engine runs where the tests do: what can be told from the file is checked here.</summary>
public sealed partial class ComposeFileTests
{
    private static readonly ComposeFile s_file = ComposeFile.Load();

    public static TheoryData<string> ServiceNames => [.. s_file.Services.Keys];

    public static TheoryData<string> OwnServices =>
        [.. s_file.Services.Where(s => ((string)s.Value["image"]!).StartsWith("ecapture:", StringComparison.Ordinal)).Select(s => s.Key)];

    [Fact]
    public void Services_WholePipeline_ArePresent() =>
        Assert.Equal(
            ["capture", "clickhouse", "collector", "kafka", "postgres", "query", "sink", "sink-postgres"],
            s_file.Services.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Image_EveryService_IsPinnedToAVersion(string service) =>
        Assert.Matches(PinnedImage(), Assert.IsType<string>(s_file.Services[service]["image"]));

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Healthcheck_EveryService_RunsACommand(string service)
    {
        Dictionary<object, object?> check = ComposeFile.Map(s_file.Services[service]["healthcheck"]);
        string[] test = ComposeFile.Texts(check["test"]);
        Assert.Equal("CMD", test[0]);
        Assert.True(test.Length > 1);
        Assert.True(check.ContainsKey("interval") && check.ContainsKey("timeout") && check.ContainsKey("retries"));
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void DependsOn_EveryService_NamesServicesOfItsProfilesThatReportHealth(string service)
    {
        Dictionary<object, object?> own = s_file.Services[service];
        if (!own.TryGetValue("depends_on", out object? value))
        {
            Assert.DoesNotContain(service, (string[])["capture", "sink", "sink-postgres", "query"]);
            return;
        }

        foreach ((object other, object? condition) in ComposeFile.Map(value))
        {
            Dictionary<object, object?> needed = Assert.Contains((string)other, s_file.Services);
            Assert.Equal("service_healthy", ComposeFile.Map(condition)["condition"]);
            Assert.True(needed.ContainsKey("healthcheck"));

            // Otherwise the service could be started without what it needs.
            if (needed.TryGetValue("profiles", out object? profiles))
            {
                Assert.Equal(ComposeFile.Texts(profiles), ComposeFile.Texts(own["profiles"]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Environment_Passwords_ComeFromTheEnvironment(string service)
    {
        if (!s_file.Services[service].TryGetValue("environment", out object? environment))
        {
            return;
        }

        foreach ((object name, object? value) in ComposeFile.Map(environment).Where(e => ((string)e.Key).Contains("PASSWORD", StringComparison.Ordinal)))
        {
            Assert.True(Regex.IsMatch((string)value!, @"^\$\{[A-Z_]+:\?[^}]*\}$"), $"{service}: {name} must be ${{NAME:?}}, not a text");
        }
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Ports_EveryService_ArePublishedOnTheLoopbackOnly(string service)
    {
        if (s_file.Services[service].TryGetValue("ports", out object? ports))
        {
            Assert.All(ComposeFile.Texts(ports), p => Assert.StartsWith("127.0.0.1:", p, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void Volumes_FilesOfTheRepository_Exist(string service)
    {
        if (s_file.Services[service].TryGetValue("volumes", out object? volumes))
        {
            Assert.All(
                ComposeFile.Texts(volumes).Where(v => v.StartsWith('.')).Select(v => v.Split(':')[0]),
                path => Assert.True(File.Exists(Path.Combine(Repository.Root, path)), path));
        }
    }

    [Theory]
    [MemberData(nameof(OwnServices))]
    public void Command_OfOurServices_IsOneOfTheProgram(string service)
    {
        string[] command = ComposeFile.Texts(s_file.Services[service]["command"]);
        ParseResult parsed = EntryPoint.CreateRoot().Parse(command);
        Assert.Empty(parsed.Errors);
        Assert.Equal(command[0], parsed.CommandResult.Command.Name);
    }

    [Theory]
    [MemberData(nameof(OwnServices))]
    public void Environment_OfOurServices_NamesSettingsOfTheProgram(string service)
    {
        string[] options = [.. EntryPoint.CreateRoot().Subcommands.SelectMany(c => c.Options).Select(o => o.Name.TrimStart('-')).Distinct()];
        Dictionary<object, object?> environment = ComposeFile.Map(s_file.Services[service]["environment"]);
        Settings settings = Settings.Load(options, environment);
        Assert.StartsWith("http://", settings.Find("otlp"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(OwnServices))]
    public void Logs_OfOurServices_AreKafkaAddresses(string service)
    {
        string[] command = ComposeFile.Texts(s_file.Services[service]["command"]);
        int option = Array.IndexOf(command, "--log");
        if (option < 0)
        {
            Assert.Equal("query", service);
            return;
        }

        Assert.Equal(LogKind.Kafka, LogAddress.Parse(command[option + 1]).Kind);
    }

    [Theory]
    [MemberData(nameof(OwnServices))]
    public void Stores_OfOurServices_AreServicesOfTheFile(string service)
    {
        string[] command = ComposeFile.Texts(s_file.Services[service]["command"]);
        int option = Array.IndexOf(command, "--store");
        if (option < 0)
        {
            Assert.Equal("capture", service);
            return;
        }

        StoreAddress store = StoreAddress.Parse(command[option + 1]);
        Assert.Contains(store.Host, ComposeFile.Map(s_file.Services[service]["depends_on"]).Keys.Cast<string>());
        Assert.Contains(StoreAddress.PasswordVariable, ComposeFile.Map(s_file.Services[service]["environment"]).Keys.Cast<string>());
    }

    [Fact]
    public void Query_ListensForTheOtherSideOfTheContainer_AndAsksForTokens()
    {
        string[] command = ComposeFile.Texts(s_file.Services["query"]["command"]);
        string listen = command[Array.IndexOf(command, "--listen") + 1];

        QueryService.CheckListen(listen, command.Contains("--insecure-listen"), hasCertificate: false);
        Assert.Contains("--require-token", command);
        Assert.All(ComposeFile.Texts(s_file.Services["query"]["ports"]), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_AgainstTheComposeSpecification_IsValid()
    {
        ProcessStartInfo start = new("docker-compose")
        {
            ArgumentList = { "--file", ComposeFile.Location, "--profile", "postgres", "config", "--quiet" },
            Environment = { ["CLICKHOUSE_PASSWORD"] = "a", ["POSTGRES_PASSWORD"] = "b", ["ECAPTURE_KEYS"] = "/k" },
            RedirectStandardError = true,
        };
        using Process process = StartCompose(start);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)*[a-z0-9.-]*$")]
    private static partial Regex PinnedImage();

    private static Process StartCompose(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("docker-compose is missing: apt-get install docker-compose, or make setup", e);
        }
    }
}
