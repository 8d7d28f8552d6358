using System.Globalization;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Process = System.Diagnostics.Process;
using ProcessStartInfo = System.Diagnostics.ProcessStartInfo;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>TLS that is seen on the wire and cannot be captured is said, with its process and the reason.</summary>
[Collection(CaptureCollection.Name)]
public sealed class WireCoverageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-coverage").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Coverage_JavaClient_SaidWithProcessFlowAndReasonAndCurlIsNot()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        await using GnuTlsServer server = await GnuTlsServer.StartAsync(certificate, "NORMAL");
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet"], Interfaces = ["lo"] });

        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, nginx.Url + "/page");
        uint java = await PrintCertificateAsync(server.Port);
        Event said = await session.WaitForAsync(e => e.Coverage?.Subject == "connection" && e.Process?.Pid == java, "the coverage of Java's connection");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Contains("keytool", said.Coverage.Target.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Contains("TLS connection", said.Coverage.Reason, StringComparison.Ordinal);
        Assert.Contains("Java's own TLS", said.Coverage.Reason, StringComparison.Ordinal);
        Assert.Equal((uint)server.Port, said.Flow.RemotePort);
        Assert.Contains(events, e => e.TlsSecret is not null && e.Process.Pid == curl.Pid);
        Assert.DoesNotContain(events, e => e.Coverage?.Subject == "connection" && e.Process?.Pid == curl.Pid);
    }

    // A real Java client: the tool that shows a server's certificate.
    private static async Task<uint> PrintCertificateAsync(int port)
    {
        ProcessStartInfo start = new("keytool", ["-printcert", "-sslserver", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process tool = Process.Start(start) ?? throw new InvalidOperationException("keytool did not start: run `make setup-test`");
        Task<string> errors = tool.StandardError.ReadToEndAsync();
        string output = await tool.StandardOutput.ReadToEndAsync();
        await tool.WaitForExitAsync();
        Assert.True(tool.ExitCode == 0, output + await errors);
        Assert.Contains("CN=localhost", output, StringComparison.Ordinal);
        return (uint)tool.Id;
    }
}
