using System.Globalization;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Sealing;

/// <summary>`ecapture run` on a fresh data directory: nobody had to know about keys, and everything is sealed; the key is lost and comes back.</summary>
[Collection(CaptureCollection.Name)]
public sealed class SealedRunTests : IDisposable
{
    private const string Passphrase = "correct horse battery staple";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> s_passphrase = new() { ["ECAPTURE_KEY_PASSPHRASE"] = Passphrase };

    // The service's user must be able to enter it.
    private readonly DirectoryInfo _root = Directory.CreateDirectory($"/var/tmp/ecapture-sealed-test-{Guid.NewGuid():N}");

    private string Data => Path.Combine(_root.FullName, "data");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Run_FreshDirectory_SealsByItselfAndALostKeyComesBackFromItsBackup()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        _root.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        string marker = "marker" + Guid.NewGuid().ToString("N");
        string pcapng = Path.Combine(_root.FullName, "out.pcapng");
        await using NginxServer nginx = await NginxServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, marker), "found\n", cancellationToken);
        string[] rebuild = ["pcap", "--data", Data, "--port", nginx.Port.ToString(CultureInfo.InvariantCulture), "--reason", "test", "-w", pcapng];
        CurlRun curl;
        await using (EcaptureService run = EcaptureService.Start(
            ["run", "--data", Data, "--modules", "tls,packet", "--interface", "lo", "--listen", "http://127.0.0.1:0"],
            new Dictionary<string, string>(), startsFor: "ecapture"))
        {
            await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);
            Assert.Contains("made key ", run.Said, StringComparison.Ordinal);
            curl = await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", "--tlsv1.3", $"{nginx.Url}/{marker}");
            await run.WaitUntilAsync(
                async () =>
                {
                    Outcome rebuilt = await Ecapture.RunAsync(rebuild);
                    Assert.True(rebuilt.ExitCode == 0, rebuilt.Errors);
                    return (await Tshark.DecryptedAsync(pcapng, nginx.Port, cancellationToken)).Contains(marker, StringComparison.Ordinal);
                },
                $"tshark decrypts {marker}", s_patience, cancellationToken);

            Outcome unsaved = await Ecapture.RunAsync("key", "check", "--data", Data);
            Assert.True(unsaved is { ExitCode: 1 } && unsaved.Output.Contains("never backed up", StringComparison.Ordinal), unsaved.Output + unsaved.Errors);
        }

        string keys = Path.Combine(Data, "keys");
        string backup = Path.Combine(_root.FullName, "backup.pem");
        string privateKey = Assert.Single(Directory.GetFiles(keys, "*.key"));
        await KeyAsync(0, "read back", "backup", backup);
        await KeyAsync(0, "opens them", "check", "--backup", backup);
        new SecretSearch(curl.KeyLog, marker).AssertNoneIn("the local log", SecretSearch.Files(Path.Combine(Data, "log")));

        File.Delete(privateKey);
        await KeyAsync(1, "is NOT here", "check");
        Outcome closed = await Ecapture.RunAsync(rebuild, s_passphrase, startsFor: "ecapture");
        Assert.True(closed.ExitCode == 0 && closed.Errors.Contains("stay sealed", StringComparison.Ordinal), closed.Errors);
        Assert.Contains(Path.GetFileNameWithoutExtension(privateKey), closed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(marker, await Tshark.DecryptedAsync(pcapng, nginx.Port, cancellationToken), StringComparison.Ordinal);

        await KeyAsync(0, "is back", "restore", backup);
        await KeyAsync(0, "seals from now on", "rotate");
        Outcome kept = await KeyAsync(2, "", "remove", Path.GetFileNameWithoutExtension(privateKey));
        Assert.Contains("open with", kept.Errors, StringComparison.Ordinal);
        Outcome opened = await Ecapture.RunAsync(rebuild, s_passphrase, startsFor: "ecapture");
        Assert.True(opened.ExitCode == 0, opened.Errors);
        Assert.Contains(marker, await Tshark.DecryptedAsync(pcapng, nginx.Port, cancellationToken), StringComparison.Ordinal);
    }

    private async Task<Outcome> KeyAsync(int exitCode, string expected, params string[] arguments)
    {
        Outcome outcome = await Ecapture.RunAsync(["key", .. arguments, "--data", Data], s_passphrase, startsFor: "ecapture");
        Assert.True(
            outcome.ExitCode == exitCode && outcome.Output.Contains(expected, StringComparison.Ordinal),
            $"key {string.Join(' ', arguments)} ended with {outcome.ExitCode}: {outcome.Output}{outcome.Errors}");
        return outcome;
    }
}
