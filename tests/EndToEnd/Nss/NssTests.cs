using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Nss;

/// <summary>NSS's own client and server; OpenSSL at the other end, and its key log, are the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class NssTests : IDisposable
{
    private const string Tls12 = "tls1.2:tls1.2";
    private const string Tls13 = "tls1.3:tls1.3";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-nss").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Tls12, 1)]
    [InlineData(Tls13, 5)]
    public async Task Capture_ServerOfCurl_SecretsPlaintextAndTuple(string version, int lines)
    {
        await using NssServer server = await NssServer.StartAsync(_folder, version);
        await using CaptureSession session = await CaptureSession.StartAsync("nss");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, server.Port);

        ClientRun curl = await TlsClient.RunAsync(
            "/usr/bin/curl", [], "-sS", "-k", "--http1.1", "-w", "\n%{local_port}", "-H", $"X-Marker: {_marker}", server.Url + _marker);
        string output = Encoding.UTF8.GetString(curl.Output);
        uint port = uint.Parse(output[(output.LastIndexOf('\n') + 1)..], CultureInfo.InvariantCulture);
        bool IsServers(Event e) => e.Process?.Pid == server.Pid && e.Flow?.RemotePort == port;
        await session.Log.WaitUntilAsync(
            e => e.Count(s => s.TlsSecret is not null && IsServers(s)) >= lines && TlsStream.Data(e, IsServers, Direction.Sent).Any(d => TlsStream.Contains(d, _marker)),
            s_limit, "secrets and plaintext of selfserv");
        await wire.WaitForEndsAsync(1); // selfserv resets where it should end
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(lines, curl.KeyLog.Count);
        Event[] secrets = [.. events.Where(e => e.TlsSecret is not null && IsServers(e))];
        Assert.Equal(curl.KeyLog, KeyLog.Of(secrets));
        Assert.All(secrets, e => Assert.Equal(("nss", (uint)server.Port), (e.TlsSecret.Library, e.Flow.LocalPort)));
        Event[] received = TlsStream.Data(events, IsServers, Direction.Received);
        Assert.All(received, e => Assert.Equal((Topics.Nss, "nss"), (e.Topic, e.TlsData.Library)));
        string request = Encoding.ASCII.GetString(TlsStream.Join(received));
        Assert.StartsWith($"GET /{_marker} HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith($"X-Marker: {_marker}\r\n\r\n", request, StringComparison.Ordinal);
        Assert.Single(secrets.Concat(received).Select(e => e.Connection).Distinct());
        Assert.DoesNotContain(events, e => e.Loss is not null);
        Assert.DoesNotContain(_marker, await wire.DecryptAsync([]), StringComparison.Ordinal);
        Assert.Contains("/" + _marker, await wire.DecryptAsync(KeyLog.Of(secrets)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, Tls13)]
    [InlineData(16 * 1024, Tls12)]
    [InlineData(8 << 20, Tls13)]
    public async Task Plaintext_DownloadByTstclnt_IsTheFile(int size, string version)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllBytes(Path.Combine(nginx.Files, "file"), payload);
        await using CaptureSession session = await CaptureSession.StartAsync("nss");

        string request = $"GET /file HTTP/1.0\r\nX-Marker: {_marker}\r\n\r\n";
        ClientRun client = await TstclntAsync(nginx.Port, version, request);
        NginxRequest logged = await nginx.RequestAsync(_marker);
        bool IsClients(Event e) => e.Process?.Pid == client.Pid;
        await session.Log.WaitUntilAsync(
            e => TlsStream.Data(e, IsClients, Direction.Received).Sum(d => (long)d.TlsData.Data.Length) > size, s_limit, "the plaintext of tstclnt");
        IReadOnlyList<Event> events = await session.StopAsync();

        byte[] received = TlsStream.Join(TlsStream.Data(events, IsClients, Direction.Received));
        Assert.Equal(SHA256.HashData(payload), SHA256.HashData(TlsStream.Http1Body(received)));
        Assert.Equal(SHA256.HashData(client.Output), SHA256.HashData(received)); // nothing but the connection: what it wrote to its output is not there twice
        Event[] sent = TlsStream.Data(events, IsClients, Direction.Sent);
        Assert.Equal(request, Encoding.ASCII.GetString(TlsStream.Join(sent)));
        Assert.All(sent, e => Assert.Equal(((uint)logged.Port, (uint)nginx.Port), (e.Flow.LocalPort, e.Flow.RemotePort)));
        Assert.DoesNotContain(events, e => e.Loss is not null);
    }

    [Theory]
    [InlineData(Tls12, "-tls1_2", false)]
    [InlineData(Tls12, "-tls1_2", true)]
    [InlineData(Tls13, "-tls1_3", true)]
    public async Task Secrets_TstclntConnectsAgain_AreTheServersKeyLog(string version, string serverVersion, bool tickets)
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        int port = FreePort.Next();
        string keyLog = Path.Combine(_folder, "server-keys");
        await using CaptureSession session = await CaptureSession.StartAsync("nss");
        await using ServerProcess openssl = ServerProcess.Start(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", port.ToString(CultureInfo.InvariantCulture), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, serverVersion,
                "-www", "-keylogfile", keyLog, .. tickets ? (string[])[] : ["-no_ticket"],
            ]);
        await openssl.WaitReadyAsync(_ => Task.FromResult(openssl.Output.Contains("ACCEPT", StringComparison.Ordinal)), s_limit, TestContext.Current.CancellationToken);

        ClientRun client = await TstclntAsync(port, version, "GET / HTTP/1.0\r\n\r\n", [.. tickets ? (string[])["-u"] : [], "-L", "3"]);
        Assert.Contains("Reused, ", Encoding.UTF8.GetString(client.Output), StringComparison.Ordinal);
        IReadOnlyList<string> expected = KeyLog.Read(keyLog);
        bool IsClients(Event e) => e.TlsSecret is not null && e.Process.Pid == client.Pid;
        await session.Log.WaitUntilAsync(e => e.Count(IsClients) >= expected.Count, s_limit, $"{expected.Count} secrets of tstclnt");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(expected, KeyLog.Of(events.Where(IsClients)));
        Assert.All(events.Where(IsClients), e => Assert.Equal((uint)port, e.Flow.RemotePort));
        Assert.Equal(expected.Select(l => l.Split(' ')[1]).Distinct().Count(), events.Where(IsClients).Select(e => e.Connection).Distinct().Count());
    }

    private async Task<ClientRun> TstclntAsync(int port, string version, string request, params string[] arguments)
    {
        // From a file: tstclnt would wait for ever for more of its standard input when it connects again.
        string file = Path.Combine(_folder, "request");
        await File.WriteAllTextAsync(file, request, TestContext.Current.CancellationToken);
        return await TlsClient.RunAsync(
            "/usr/bin/tstclnt", [],
            ["-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-D", "-o", "-V", version, "-A", file, .. arguments]);
    }
}
