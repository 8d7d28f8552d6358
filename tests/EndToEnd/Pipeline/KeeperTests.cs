using System.Diagnostics;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.EndToEnd.Pipeline;

/// <summary>`ecapture retention`, `hold` and `archive` in the service that owns the store, and as its owner when none runs.</summary>
[Collection(CaptureCollection.Name)]
public sealed class KeeperTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _data = Directory.CreateDirectory($"/var/tmp/ecapture-keeper-test-{Guid.NewGuid():N}");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Hold_AddedToARunningService_IsInForceOnRecordAndOutlivesIt()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string marker = "marker" + Guid.NewGuid().ToString("N");
        string policy = Path.Combine(_data.FullName, "policy.json");
        await File.WriteAllTextAsync(policy, """{ "modules": { "bash": { "rotation": "hour", "retention": { "age": "30d" } } } }""", cancellationToken);
        await using (EcaptureService run = EcaptureService.Start(
            ["run", "--data", Path.Combine(_data.FullName, "d"), "--policy", policy, "--modules", "bash", "--listen", "http://127.0.0.1:0"],
            new Dictionary<string, string>(),
            startsFor: "ecapture"))
        {
            await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);
            using (Process bash = Process.Start("/bin/bash", ["-c", $"/bin/true {marker}; exit 3"]))
            {
                await bash.WaitForExitAsync(cancellationToken);
            }

            await run.WaitUntilAsync(
                async () => (await AskAsync("events", "--module", "bash", "--text", "/bin/true " + marker)).Output.Contains(marker, StringComparison.Ordinal),
                $"{marker} is found", s_patience, cancellationToken);

            Outcome added = await AskAsync("hold", "add", "--name", "case-7", "--reason", marker, "--process", "true", "--since", "1h");
            Outcome shown = await AskAsync("retention", "show", "--module", "bash");
            Outcome wrong = await AskAsync("hold", "add", "--name", "case-7", "--reason", marker, "--since", "1h");
            Outcome dry = await AskAsync("retention", "run", "--dry-run");

            Assert.True(added.ExitCode == 0, added.Errors + run.Said);
            Assert.Contains("held by case-7", shown.Output, StringComparison.Ordinal);
            Assert.Matches(@"(?m)^bash +\d{10} ", shown.Output); // by the hour, as the policy says
            Assert.Equal(2, wrong.ExitCode);
            Assert.Contains("case-7 already", wrong.Errors, StringComparison.Ordinal);
            Assert.Contains("0 partitions would be dropped", dry.Output, StringComparison.Ordinal);
            await run.WaitUntilAsync(
                async () => (await AskAsync("events", "--module", "control", "--format", "ndjson")).Output is var text
                    && text.Contains("hold.add", StringComparison.Ordinal) && text.Contains(marker, StringComparison.Ordinal),
                "the hold is on record", s_patience, cancellationToken);
        }

        Outcome listed = await AskAsync("hold", "list");
        Assert.Contains("case-7", listed.Output, StringComparison.Ordinal);
        Assert.Contains(marker, listed.Output, StringComparison.Ordinal);
    }

    private Task<Outcome> AskAsync(params string[] words) =>
        Ecapture.RunAsync([.. words, "--data", Path.Combine(_data.FullName, "d")], new Dictionary<string, string>(), startsFor: "ecapture");
}
