using System.Globalization;
using System.Text;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Policies;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Postgres;
using ECapture.Tests.Support.Shells;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Policies;

/// <summary>Real programs say secrets; what the pipeline keeps of them holds none.</summary>
[Collection(CaptureCollection.Name)]
public sealed class RedactedSecretsTests : IDisposable
{
    private const string Rules = """["card-number", "bearer-token", "cookie", "sql-password", "shell-password", {"name": "badge", "pattern": "B-[0-9]{6}"}]""";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    // The service's user must be able to enter it.
    private readonly DirectoryInfo _folder = Directory.CreateDirectory($"/var/tmp/ecapture-redaction-test-{Guid.NewGuid():N}");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_SecretsOfCurlPsqlAndBash_NeitherInTheLogNorInTheStore()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string token = $"t{Guid.NewGuid():N}";
        string cookie = $"c{Guid.NewGuid():N}";
        string card = Card();
        string sqlPassword = $"q{Guid.NewGuid():N}";
        string shellPassword = $"p{Guid.NewGuid():N}";
        string policy = Path.Combine(_folder.FullName, "policy.json");
        await File.WriteAllTextAsync(policy, "{\"modules\": {\"default\": {\"redact\": " + Rules + "}}}", cancellationToken);
        string data = Path.Combine(_folder.FullName, "data");
        await using NginxServer nginx = await NginxServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "page"), "p", cancellationToken);
        await using LoggingPostgres postgres = await LoggingPostgres.StartAsync(cancellationToken);
        await using (EcaptureService run = EcaptureService.Start(
            ["run", "--data", data, "--modules", "tls,bash,postgres", "--listen", "http://127.0.0.1:0", "--policy", policy],
            new Dictionary<string, string>(),
            startsFor: "ecapture"))
        {
            await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);

            await CurlClient.RunAsync(
                nginx.CertificatePath, "--http1.1", "-X", "GET", "-H", $"Authorization: Bearer {token}", "-b", $"sid={cookie}", "-H", $"X-Marker: {_marker}",
                "--data", $"marker={_marker}&card={card}", nginx.Url + "/page");
            (int exitCode, string said) = await postgres.RunClientAsync("psql", ["-X", "-c", $"CREATE ROLE {_marker} PASSWORD '{sqlPassword}'"]);
            Assert.True(exitCode == 0, said);
            await using (InteractiveBash bash = await InteractiveBash.StartAsync(_folder.FullName))
            {
                await bash.TypeAsync($"/bin/true {_marker} --password={shellPassword}");
            }

            // What is left of each is there: the headers, the statement, the line, the arguments of the program that the line started.
            string stars = new('*', 33);
            await FindAsync(run, data, "tls", $"Authorization: Bearer {stars}", cancellationToken);
            await FindAsync(run, data, "tls", $"marker={_marker}&card={new string('*', card.Length)}", cancellationToken);
            await FindAsync(run, data, "postgres", $"CREATE ROLE {_marker} PASSWORD '{stars}'", cancellationToken);
            string[] lines = await FindAsync(run, data, "bash", $"/bin/true {_marker} --password={stars}", cancellationToken);
            Assert.NotEmpty(lines);
            (int stopped, _) = await run.InterruptAsync(TimeSpan.FromMinutes(2));
            Assert.True(stopped == 0, run.Said);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "truncation.key")));
        string[] secrets = [token, cookie, card, sqlPassword, shellPassword];
        List<string> looked = [];
        foreach (string file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, cancellationToken);
            Assert.All(secrets, secret => Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, $"{file} holds a secret of this test: {secret}"));
            if (bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(_marker)) >= 0)
            {
                looked.Add(file);
            }
        }

        Assert.Contains(looked, f => f.Contains("/log/segment-", StringComparison.Ordinal)); // not compressed: what is searched is there to be found
        foreach (string module in (string[])["tls", "bash", "postgres", "process"])
        {
            // The store compresses: it is read instead, all of it.
            Outcome stored = await Ecapture.RunAsync(
                ["events", "--data", data, "--module", module, "--since", "1h", "--limit", "100000", "--format", "ndjson"], new Dictionary<string, string>(), startsFor: "ecapture");
            Assert.True(stored.ExitCode == 0, stored.Errors);
            Assert.Contains(_marker, stored.Output, StringComparison.Ordinal);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, stored.Output, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(""", "keys": "keep" """, true)]
    [InlineData("", false)]
    public async Task Secrets_ModuleIsRedacted_OnlyWithKeysKept(string keys, bool isRedacted)
    {
        bool isKept = !isRedacted || keys.Length > 0;
        string json = "{\"modules\": {\"tls\": {\"redact\": " + (isRedacted ? Rules : "[]") + keys + "}}}";
        PolicyReading policy = Policy.Read(Encoding.UTF8.GetBytes(json), "policy.json", 100_000);
        Assert.Empty(policy.Errors);
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls"], Policy = policy.Policy });

        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", "--tlsv1.3", "-H", $"X-Marker: {_marker}", "-H", "X-Badge: B-471100.", nginx.Url + "/page");
        await session.WaitForAsync(e => IsRequest(e, curl), "the request of curl");
        IReadOnlyList<Event> events = await session.StopAsync();

        string request = events.First(e => IsRequest(e, curl)).TlsData.Data.ToStringUtf8();
        Assert.Contains(isRedacted ? "X-Badge: ********." : "X-Badge: B-471100.", request, StringComparison.Ordinal);
        Assert.Equal(isKept ? 5 : 0, events.Count(e => e.TlsSecret is not null && e.Process?.Pid == curl.Pid));
        Event[] said = [.. events.Where(e => e.Coverage?.Subject == "secrets")];
        Assert.Equal(isKept ? [] : ["tls"], said.Select(e => e.Coverage.Target.ToStringUtf8()));
    }

    private bool IsRequest(Event e, CurlRun curl) =>
        e.Topic == "tls" && e.Process?.Pid == curl.Pid && e.TlsData.Data.ToStringUtf8().Contains(_marker, StringComparison.Ordinal);

    private static async Task<string[]> FindAsync(EcaptureService run, string data, string module, string text, CancellationToken cancellationToken)
    {
        string[] found = [];
        await run.WaitUntilAsync(
            async () =>
            {
                Outcome events = await Ecapture.RunAsync("events", "--data", data, "--module", module, "--text", text, "--format", "ndjson");
                found = [.. events.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
                return found.Length > 0;
            },
            $"{module}: {text} is found", s_patience, cancellationToken);
        return found;
    }

    // A number that nobody else says: with a valid check digit.
    private static string Card()
    {
        string digits = "4" + string.Concat(Enumerable.Range(0, 14).Select(_ => Random.Shared.Next(10).ToString(CultureInfo.InvariantCulture)));
        int sum = digits.Reverse().Select((c, i) => (c - '0') * (i % 2 == 0 ? 2 : 1)).Sum(d => d > 9 ? d - 9 : d);
        return digits + ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
    }
}
