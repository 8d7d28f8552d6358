using System.Globalization;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture tls -m pcapng</c>, judged by tshark while the file grows and afterwards.</summary>
[Collection(CaptureCollection.Name)]
public sealed class LivePcapTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-live-");
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    // `make test-live` asks for 200.
    private static int Curls => int.Parse(Environment.GetEnvironmentVariable("TEST_SESSIONS") ?? "24", CultureInfo.InvariantCulture) / 2;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task File_NewAndResumedSessions_DecryptsWhileWrittenAndAtItsEnd()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string file = Path.Combine(_folder.FullName, "live.pcapng");
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "-m", "pcapng", "-i", "lo", "-w", file, "tcp", "port", nginx.Port.ToString(CultureInfo.InvariantCulture));

        List<string> first = await RunSessionsAsync(nginx, "first");

        // Every session older than 5 s is in a copy that is taken while the command runs.
        string copy = Path.Combine(_folder.FullName, "copy.pcapng");
        await Task.Delay(TimeSpan.FromSeconds(5), cancellation);
        File.Copy(file, copy);
        List<string> second = await RunSessionsAsync(nginx, "second");
        Assert.Equal(0, await run.StopAsync());

        string inCopy = await Tshark.DecryptedAsync(copy, nginx.Port, cancellation);
        string inFile = await Tshark.DecryptedAsync(file, nginx.Port, cancellation);
        Assert.All(first, path => Assert.Contains(path, inCopy, StringComparison.Ordinal));
        Assert.All(first.Concat(second), path => Assert.Contains(path, inFile, StringComparison.Ordinal));
        string times = await CliTshark.RunAsync(["-r", file, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.comment", "-e", "frame.packet_flags_direction", "-e", "tcp.port"]);
        string[][] rows = [.. times.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))];
        decimal[] epochs = [.. rows.Select(r => decimal.Parse(r[0], CultureInfo.InvariantCulture))];
        Assert.Equal(epochs.Order(), epochs);
        Assert.Contains(rows, r => r[1].StartsWith("curl (pid ", StringComparison.Ordinal));
        Assert.Contains(rows, r => r[1].StartsWith("nginx (pid ", StringComparison.Ordinal));
        string port = nginx.Port.ToString(CultureInfo.InvariantCulture);
        Assert.All(rows, r => Assert.Contains(port, r[3].Split(',')));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task File_OneProcess_HoldsItsConnectionsWithTheirHandshakesAndNoOthers()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        await using NginxServer other = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        File.WriteAllText(Path.Combine(other.Files, "page"), "page");
        string worker = File.ReadAllText($"/proc/{nginx.Id}/task/{nginx.Id}/children").Trim();
        string file = Path.Combine(_folder.FullName, "one.pcapng");
        await using TerminalRun run = await TerminalRun.StartAsync("openssl", "-m", "pcap", "-i", "lo", "-w", file, "-p", worker, "--mapsize", "4096");

        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/page?{_marker}-here");
        await CurlClient.RunAsync(other.CertificatePath, $"{other.Url}/page?{_marker}-there");
        Assert.Equal(0, await run.StopAsync());

        Assert.Contains($"{_marker}-here", await Tshark.DecryptedAsync(file, nginx.Port, cancellation), StringComparison.Ordinal);
        string ports = await CliTshark.RunAsync(["-r", file, "-T", "fields", "-e", "tcp.port", "-e", "tcp.flags.syn"]);
        string[] rows = ports.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(rows, r => Assert.Contains(nginx.Port.ToString(CultureInfo.InvariantCulture), r, StringComparison.Ordinal));
        Assert.Contains(rows, r => r.EndsWith("\t1", StringComparison.Ordinal) || r.EndsWith("\tTrue", StringComparison.Ordinal)); // the handshake is there, too
    }

    [Fact]
    public async Task File_HostFilterAndManyAtOnce_HoldsThatHostsSessionsAndNoOthers()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string file = Path.Combine(_folder.FullName, "host.pcapng");
        await using TerminalRun run = await TerminalRun.StartAsync(
            "tls", "-m", "pcapng", "--ifname", "lo", "-w", file, "host", "127.0.0.77", "and", "port", nginx.Port.ToString(CultureInfo.InvariantCulture));

        Task GetAsync(string from, string path) => CurlClient.RunAsync(nginx.CertificatePath, "--interface", from, "-o", "/dev/null", $"{nginx.Url}/page?{_marker}-{path}.");
        await Task.WhenAll([GetAsync("127.0.0.78", "elsewhere"), .. Enumerable.Range(0, 8).Select(i => GetAsync("127.0.0.77", $"here{i}"))]);
        Assert.Equal(0, await run.StopAsync());

        string decrypted = await Tshark.DecryptedAsync(file, nginx.Port, cancellation);
        Assert.All(Enumerable.Range(0, 8), i => Assert.Contains($"{_marker}-here{i}.", decrypted, StringComparison.Ordinal));
        Assert.DoesNotContain("elsewhere", decrypted, StringComparison.Ordinal);
        string hosts = await CliTshark.RunAsync(["-r", file, "-T", "fields", "-e", "ip.addr"]);
        Assert.All(hosts.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Contains("127.0.0.77", l.Split(',')));
    }

    private async Task<List<string>> RunSessionsAsync(NginxServer nginx, string name)
    {
        List<string> paths = [];
        for (int i = 0; i < Math.Max(1, Curls / 2); i++)
        {
            string path = $"/page?{_marker}-{name}-{i}-";
            string[] version = i % 2 == 0 ? ["--tls-max", "1.2"] : ["--tlsv1.3"];
            // Two requests on two connections: the second session is the first one resumed.
            await CurlClient.RunAsync(
                nginx.CertificatePath,
                [.. version, "--http1.1", "-H", "Connection: close", "-o", "/dev/null", $"{nginx.Url}{path}new", "-o", "/dev/null", $"{nginx.Url}{path}resumed"]);
            paths.AddRange([path + "new", path + "resumed"]);
        }

        return paths;
    }
}
