using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Web;

/// <summary>From a request of a real curl to its decrypted packets, by clicks in a real Chromium.</summary>
[Collection(CaptureCollection.Name)]
public sealed class JourneyTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    // The service's user must be able to enter it.
    private readonly DirectoryInfo _data = Directory.CreateDirectory($"/var/tmp/ecapture-journey-{Guid.NewGuid():N}");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-journey-");

    public void Dispose()
    {
        _data.Delete(recursive: true);
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Marker_OfARequestAMomentAgo_IsFoundOpenedDownloadedAndDecrypted()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string marker = "marker" + Guid.NewGuid().ToString("N");
        await using NginxServer nginx = await NginxServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, marker), "found a moment ago\n", cancellationToken);
        await using EcaptureService run = EcaptureService.Start(
            ["run", "--data", _data.FullName, "--modules", "tls,packet", "--interface", "lo", "--listen", "http://127.0.0.1:0"],
            new Dictionary<string, string>(),
            startsFor: "ecapture");
        await run.WaitUntilAsync(() => Task.FromResult(run.Said.Contains("ready: API", StringComparison.Ordinal)), "it is ready", s_patience, cancellationToken);

        string scripts = Path.Combine(Repository.Root, "tests", "Web");
        using Process node = Process.Start(new ProcessStartInfo("node", [Path.Combine(scripts, "journey.mjs"), Address(), _folder.FullName, marker])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = scripts,
        })!;
        Task<string> errors = node.StandardError.ReadToEndAsync(cancellationToken);
        StringBuilder said = new();
        while (await node.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            said.AppendLine(line);
            if (line == "searching")
            {
                await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", $"{nginx.Url}/{marker}");
            }
        }

        await node.WaitForExitAsync(cancellationToken);
        Assert.True(node.ExitCode == 0 && said.ToString().EndsWith("ok\n", StringComparison.Ordinal), $"{said}{await errors}{run.Said}");
        Assert.Contains(marker, await Tshark.DecryptedAsync(Path.Combine(_folder.FullName, "session.pcapng"), nginx.Port, cancellationToken), StringComparison.Ordinal);
    }

    private string Address()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_data.FullName, "run", "service.json")));
        return document.RootElement.GetProperty("api").GetString()!;
    }
}
