using ECapture.Tests.EndToEnd.GoTls;
using ECapture.Tests.Support.Go;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture gotls</c> and <c>ecapture gnutls</c> on real programs.</summary>
[Collection(CaptureCollection.Name)]
public sealed class OtherTlsTextTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Gotls_StaticClientNamedUpFront_ShowsRequestAndAnswer()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-go-terminal-");
        try
        {
            string program = Path.Combine(folder.FullName, "https");
            await GoCompiler.BuildAsync(Path.Combine(AppContext.BaseDirectory, "GoTls", "https.go"), program, "-ldflags", "-s -w");
            await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
            File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + _marker);
            await using TerminalRun run = await TerminalRun.StartAsync("tlsgo", "-e", program);

            await TlsClient.RunAsync(program, [], "client", "-keylog", Path.Combine(folder.FullName, "keys"), "-ca", nginx.CertificatePath, "-tls", "1.3", "-marker", _marker, nginx.Url + "/page");

            string block = await run.WaitForBlockAsync("> GET /page HTTP/1.1", $": {_marker}\n");
            Assert.Contains($"< page of {_marker}", block, StringComparison.Ordinal);
            Assert.Contains($" gotls https[", block, StringComparison.Ordinal);
            Assert.Equal(0, await run.StopAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Gotls_ClientsAndServer_TextPacketsAndKeysOfAll()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using GoPrograms programs = new();
        await programs.InitializeAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-go-terminal-");
        try
        {
            string program = programs["stripped"];
            string packets = Path.Combine(folder.FullName, "go.pcapng"), keys = Path.Combine(folder.FullName, "go.keys");
            await using GoServer server = await programs.StartServerAsync(program, "1.3");
            File.WriteAllText(Path.Combine(server.Folder, "page"), "page of " + _marker);
            await using TerminalRun text = await TerminalRun.StartAsync("gotls");
            await using TerminalRun pcap = await TerminalRun.StartAsync("gotls", "-m", "pcap", "-i", "lo", "-w", packets, "tcp port " + server.Port);
            await using TerminalRun keyLog = await TerminalRun.StartAsync("gotls", "-m", "keylog", "-k", keys);

            CurlRun[] clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
                programs.RunClientAsync(program, server.CertificatePath, "1.3", $"{server.Url}/page?{_marker}-{i}.")));

            for (int i = 0; i < clients.Length; i++)
            {
                await text.WaitForBlockAsync($"> GET /page?{_marker}-{i}. ", " gotls ", $"page of {_marker}");
                await text.WaitForBlockAsync($"< GET /page?{_marker}-{i}. ", $"[{server.Pid}]", $"page of {_marker}");
            }

            string[] wanted = [.. clients.SelectMany(c => c.KeyLog)];
            await keyLog.WaitUntilAsync(() => wanted.All(File.ReadAllLines(keys).Contains), "the clients' own lines in the key log");
            Assert.Equal(0, await text.StopAsync());
            Assert.Equal(0, await keyLog.StopAsync());
            Assert.Equal(0, await pcap.StopAsync());
            string decrypted = await Tshark.DecryptedAsync(packets, server.Port, cancellation);
            Assert.All(Enumerable.Range(0, clients.Length), i => Assert.Contains($"/page?{_marker}-{i}.", decrypted, StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Nss_ServerOfCurl_ShowsTheRequest()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-nss-terminal-");
        try
        {
            await using NssServer server = await NssServer.StartAsync(folder.FullName, "tls1.3:tls1.3");
            await using TerminalRun run = await TerminalRun.StartAsync("nspr");

            await TlsClient.RunAsync("/usr/bin/curl", [], "-sS", "-k", "--http1.1", server.Url + _marker);

            await run.WaitForBlockAsync($"< GET /{_marker} HTTP/1.1", $" nss selfserv[{server.Pid}]");
            Assert.Equal(0, await run.StopAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Gnutls_Wget_ShowsRequestAndAnswer()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, _marker), "body of " + _marker);
        await using TerminalRun run = await TerminalRun.StartAsync("gnu");

        await TlsClient.RunAsync("/usr/bin/wget", [], "-q", "--no-check-certificate", "-O", "-", $"{nginx.Url}/{_marker}");

        string block = await run.WaitForBlockAsync($"> GET /{_marker} HTTP/1.1", " gnutls wget[");
        Assert.Contains($"< body of {_marker}", block, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
    }
}
