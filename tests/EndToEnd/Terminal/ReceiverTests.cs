using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>Receivers that stall, vanish and come back: bounded memory, declared loss, and capture goes on.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ReceiverTests : IDisposable
{
    private const int BodyBytes = 900_000;
    private const int Stalled = 36; // exchanges: several times what may wait and what the kernel holds
    private const long MostGrownBytes = 200L << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-receiver-");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("tcp")]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task Receiver_StallsVanishesAndComesBack_LossIsDeclaredAndCaptureGoesOn(string scheme)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(240));
        CancellationToken cancellation = limit.Token;
        TestCertificate certificate = TestCertificate.Create(_folder.FullName);
        using Receiver receiver = new(scheme, scheme == "wss" ? X509Certificate2.CreateFromPemFile(certificate.CertificatePath, certificate.KeyPath) : null);
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), new string('z', BodyBytes));
        Task connecting = receiver.ConnectAsync(cancellation);
        await using TerminalRun run = await TerminalRun.StartAsync(
            ["tls", "--port", nginx.Port.ToString(CultureInfo.InvariantCulture), "--ignore", "nginx", "--eventaddr", receiver.Address],
            new Dictionary<string, string> { ["SSL_CERT_FILE"] = certificate.CertificatePath });
        await connecting;
        await GetAsync(nginx, "first");
        await receiver.ReadUntilAsync($"> GET /page?{_marker}-first ", cancellation);
        long before = Memory(run.Pid);

        // It stalls: the terminal shows everything all the same.
        for (int i = 0; i < Stalled; i++)
        {
            await GetAsync(nginx, $"stalled-{i}");
        }

        await run.WaitForOutputAsync($"> GET /page?{_marker}-stalled-{Stalled - 1} ");
        long grown = Memory(run.Pid) - before;
        Assert.True(grown < MostGrownBytes, $"{grown} bytes more are in memory while the receiver stalls");

        // It reads again: what waited, and in its place how much did not.
        await receiver.ReadUntilAsync($"records at {receiver.Address}: the receiver did not take them in time", cancellation);
        await GetAsync(nginx, "again");
        await receiver.ReadUntilAsync($"> GET /page?{_marker}-again ", cancellation);

        // It vanishes and comes back.
        receiver.Vanish();
        await GetAsync(nginx, "back");
        await receiver.ReadUntilAsync($"> GET /page?{_marker}-back ", cancellation);
        await run.WaitForOutputAsync($"> GET /page?{_marker}-back ");
        Assert.Equal(0, await run.StopAsync());
        Assert.Contains($"{receiver.Address}: connected again", run.Errors, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"{scheme}: {grown >> 20} MiB more in memory while {Stalled * BodyBytes >> 20} MiB waited");
    }

    [Fact]
    public async Task Wss_CertificateOfNobodyTrusted_IsRefused()
    {
        TestCertificate certificate = TestCertificate.Create(_folder.FullName);
        using Receiver receiver = new("wss", X509Certificate2.CreateFromPemFile(certificate.CertificatePath, certificate.KeyPath));
        Task accepting = receiver.ConnectAsync(TestContext.Current.CancellationToken);

        Outcome outcome = await Ecapture.RunAsync("bash", "--eventaddr", receiver.Address);

        Assert.Equal(2, outcome.ExitCode);
        string line = Assert.Single(outcome.ErrorLines);
        Assert.Contains(receiver.Address, line, StringComparison.Ordinal);
        Assert.Contains("certificate", line, StringComparison.OrdinalIgnoreCase);
        await Assert.ThrowsAnyAsync<Exception>(() => accepting); // it broke the handshake off
    }

    private Task<CurlRun> GetAsync(NginxServer nginx, string name) => CurlClient.RunAsync(nginx.CertificatePath, "-o", "/dev/null", $"{nginx.Url}/page?{_marker}-{name}");

    private static long Memory(int pid) =>
        long.Parse(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
}
