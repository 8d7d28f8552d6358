using System.Globalization;
using System.Text;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.GnuTls;

/// <summary>gnutls-serv, and sessions that are resumed. What OpenSSL at the other end says of the session is the oracle.</summary>
[Collection(CaptureCollection.Name)]
public sealed class GnuTlsServerTests : IDisposable
{
    private const string Tls12 = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    private const string Tls13 = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-gnutls").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Tls12, 1)]
    [InlineData(Tls13, 5)]
    public async Task Capture_ServerOfCurl_SecretsPlaintextAndTuple(string priority, int lines)
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        await using GnuTlsServer server = await GnuTlsServer.StartAsync(certificate, priority);
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, server.Port);

        CurlRun curl = await CurlClient.RunAsync(
            certificate.CertificatePath, "--http1.1", "-w", "\n%{local_port}", "-H", $"X-Marker: {_marker}", server.Url + _marker);
        string output = Encoding.UTF8.GetString(curl.Output);
        string page = output[..output.LastIndexOf('\n')];
        uint port = uint.Parse(output[(output.LastIndexOf('\n') + 1)..], CultureInfo.InvariantCulture);
        bool IsServers(Event e) => e.Process?.Pid == server.Pid && e.Flow?.RemotePort == port;
        await session.Log.WaitUntilAsync(
            e => e.Count(s => s.TlsSecret is not null && IsServers(s)) >= lines && TlsStream.Data(e, IsServers, Direction.Sent).Length > 0,
            s_limit, "secrets and plaintext of gnutls-serv");
        await wire.WaitForEndsAsync(1);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(lines, curl.KeyLog.Count);
        Event[] secrets = [.. events.Where(e => e.TlsSecret is not null && e.Process.Pid == server.Pid)];
        Assert.Equal(curl.KeyLog, KeyLog.Of(secrets));
        Assert.All(secrets, e => Assert.Equal(((uint)server.Port, port), (e.Flow.LocalPort, e.Flow.RemotePort)));
        string request = Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(events, IsServers, Direction.Received)));
        Assert.StartsWith($"GET /{_marker} HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith($"X-Marker: {_marker}\r\n\r\n", request, StringComparison.Ordinal);
        Assert.Equal(page, Encoding.UTF8.GetString(TlsStream.Http1Body(TlsStream.Join(TlsStream.Data(events, IsServers, Direction.Sent)))));
        Assert.Contains("/" + _marker, await wire.DecryptAsync(KeyLog.Of(secrets)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_ClientResumesTls12_AreTheServersKeyLog()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        int port = FreePort.Next();
        string keyLog = Path.Combine(_folder, "server-keys");
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");
        await using ServerProcess openssl = ServerProcess.Start(
            "/usr/bin/openssl",
            ["s_server", "-accept", Text(port), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-tls1_2", "-www", "-keylogfile", keyLog]);
        await openssl.WaitReadyAsync(_ => Task.FromResult(openssl.Output.Contains("ACCEPT", StringComparison.Ordinal)), s_limit, TestContext.Current.CancellationToken);
        await using WireCapture wire = await WireCapture.StartAsync(_folder, port);

        ClientRun client = await TlsClient.RunAsync(
            "/usr/bin/gnutls-cli", Encoding.ASCII.GetBytes($"GET /{_marker} HTTP/1.0\r\n\r\n"),
            "--resume", "--port", Text(port), "--x509cafile", certificate.CertificatePath, "--priority", Tls12, "127.0.0.1");
        Assert.Contains("This is a resumed session", Encoding.UTF8.GetString(client.Output), StringComparison.Ordinal);
        await wire.WaitForEndsAsync(2);
        bool IsClients(Event e) => e.TlsSecret is not null && e.Process.Pid == client.Pid;
        await session.Log.WaitUntilAsync(e => e.Count(IsClients) >= 2, s_limit, "the secrets of both sessions");
        IReadOnlyList<Event> events = await session.StopAsync();

        IReadOnlyList<string> expected = KeyLog.Read(keyLog);
        Assert.Equal(2, expected.Count);
        Assert.Single(client.KeyLog); // GnuTLS itself does not log the resumed one
        Assert.Equal(expected, KeyLog.Of(events.Where(IsClients)));
        Event resumed = Assert.Single(events, e => IsClients(e) && !client.KeyLog.Contains(KeyLog.Line(e.TlsSecret)));
        Assert.Equal((uint)port, resumed.Flow.RemotePort);
        Assert.Equal(2, events.Where(IsClients).Select(e => e.Connection).Distinct().Count());
        Assert.Contains("/" + _marker, await wire.DecryptAsync(KeyLog.Of([resumed])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_ServerResumesTls12_AreTheClientsKeyLog()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        string keyLog = Path.Combine(_folder, "client-keys");
        string saved = Path.Combine(_folder, "session");
        await using GnuTlsServer server = await GnuTlsServer.StartAsync(certificate, Tls12);
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");

        string resumed = "";
        foreach (string option in (string[])["-sess_out", "-sess_in"])
        {
            ClientRun run = await TlsClient.RunAsync(
                "/usr/bin/openssl", Encoding.ASCII.GetBytes($"GET /{_marker} HTTP/1.0\r\n\r\n"),
                "s_client", "-connect", $"127.0.0.1:{server.Port}", "-CAfile", certificate.CertificatePath, "-ign_eof", "-keylogfile", keyLog, option, saved);
            resumed = Encoding.UTF8.GetString(run.Output);
        }

        Assert.Contains("Reused, TLSv1.2", resumed, StringComparison.Ordinal);
        bool IsServers(Event e) => e.TlsSecret is not null && e.Process.Pid == server.Pid;
        await session.Log.WaitUntilAsync(e => e.Count(IsServers) >= 2, s_limit, "the secrets of both sessions");
        IReadOnlyList<Event> events = await session.StopAsync();

        IReadOnlyList<string> expected = KeyLog.Read(keyLog);
        Assert.Equal(2, expected.Count);
        Assert.Equal(expected, KeyLog.Of(events.Where(IsServers)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
