using System.Net;
using System.Security.Cryptography;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Source = ECapture.Events.V1.ConnectionLink.Types.Source;

namespace ECapture.Tests.EndToEnd.GnuTls;

/// <summary>wget, which Debian links with GnuTLS, against nginx; only the module gnutls runs.</summary>
[Collection(CaptureCollection.Name)]
public sealed class GnuTlsClientTests : IDisposable
{
    private const string Wget = "/usr/bin/wget";
    private const string Tls12 = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    private const string Tls13 = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-gnutls").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Tls12, "TLSv1.2", 1)]
    [InlineData(Tls13, "TLSv1.3", 5)]
    public async Task Secrets_Wget_AreItsOwnKeyLogAndDecrypt(string priority, string protocol, int lines)
    {
        string body = "body of " + _marker;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, _marker), body);
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, nginx.Port);

        ClientRun wget = await WgetAsync(nginx, priority, $"{nginx.Url}/{_marker}");
        NginxRequest request = await nginx.RequestAsync(_marker);
        await wire.WaitForEndsAsync(2);
        await session.Log.WaitUntilAsync(e => Secrets(e, wget).Length >= lines, s_limit, "the secrets of wget");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(body, Encoding.ASCII.GetString(wget.Output));
        Assert.Equal(protocol, request.Protocol);
        Assert.Equal(lines, wget.KeyLog.Count);
        Event[] secrets = Secrets(events, wget);
        Assert.Equal(wget.KeyLog, KeyLog.Of(secrets));
        Assert.All(secrets, e =>
        {
            Assert.Equal(Topics.Secret, e.Topic);
            Assert.Equal("gnutls", e.TlsSecret.Library);
            Assert.Equal("wget", e.Process.Name.ToStringUtf8());
            Assert.Equal((uint)request.Port, e.Flow.LocalPort);
            Assert.Equal((uint)nginx.Port, e.Flow.RemotePort);
            Assert.Equal(IPAddress.Loopback.GetAddressBytes(), e.Flow.RemoteAddress.ToByteArray());
        });
        ulong connection = Assert.Single(secrets.Select(e => e.Connection).Distinct());
        Event link = Assert.Single(events, e => e.Connection == connection && e.ConnectionLink?.Source == Source.Secret);
        Assert.Equal(secrets[0].TlsSecret.ClientRandom, link.ConnectionLink.ClientRandom);
        Assert.Single(events, e => e.Connection == connection && e.ConnectionLink?.Source == Source.Socket);
        Assert.All(events.Where(e => e.TlsData is not null && e.Process.Pid == wget.Pid), e => Assert.Equal(connection, e.Connection));
        Assert.DoesNotContain(events, e => e.Loss is not null);

        Assert.DoesNotContain(_marker, await wire.DecryptAsync([]), StringComparison.Ordinal);
        string decrypted = await wire.DecryptAsync(KeyLog.Of(secrets));
        Assert.Contains("/" + _marker, decrypted, StringComparison.Ordinal);
        Assert.Contains(body, decrypted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, Tls13)]
    [InlineData(16 * 1024, Tls12)]
    [InlineData(1 << 20, Tls13)]
    [InlineData(8 << 20, Tls12)]
    [InlineData(8 << 20, Tls13)]
    public async Task Plaintext_Download_IsTheFile(int size, string priority)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllBytes(Path.Combine(nginx.Files, "file"), payload);
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");

        ClientRun wget = await WgetAsync(nginx, priority, nginx.Url + "/file");
        NginxRequest request = await nginx.RequestAsync(_marker);
        IReadOnlyList<Event> events = await StreamsAsync(session, wget, size, Direction.Received);

        Assert.Equal(payload, wget.Output);
        byte[] received = TlsStream.Http1Body(TlsStream.Join(Data(events, wget, Direction.Received)));
        Assert.Equal(payload.Length, received.Length);
        Assert.Equal(SHA256.HashData(payload), SHA256.HashData(received));
        Event sent = Data(events, wget, Direction.Sent)[0];
        Assert.Equal(Topics.GnuTls, sent.Topic);
        Assert.Equal("gnutls", sent.TlsData.Library);
        Assert.StartsWith("GET /file HTTP/1.1\r\n", sent.TlsData.Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal((uint)request.Port, sent.Flow.LocalPort);
        Assert.Equal((uint)nginx.Port, sent.Flow.RemotePort);
    }

    [Theory]
    [InlineData(1, Tls12)]
    [InlineData(8 << 20, Tls13)]
    public async Task Plaintext_Upload_IsTheFile(int size, string priority)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        string source = Path.Combine(_folder, "source");
        File.WriteAllBytes(source, payload);
        await using NginxServer nginx = await NginxServer.StartAsync();
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");

        ClientRun wget = await WgetAsync(nginx, priority, "--method=PUT", "--body-file=" + source, nginx.Url + "/target");
        Assert.Equal(payload, File.ReadAllBytes(Path.Combine(nginx.Files, "target")));
        IReadOnlyList<Event> events = await StreamsAsync(session, wget, size, Direction.Sent);

        byte[] sent = TlsStream.Http1Body(TlsStream.Join(Data(events, wget, Direction.Sent)));
        Assert.Equal(payload.Length, sent.Length);
        Assert.Equal(SHA256.HashData(payload), SHA256.HashData(sent));
    }

    [Fact]
    public async Task Secrets_TwentyWgets_EachHasItsOwn()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync("gnutls");

        List<(ClientRun Run, string Marker)> runs = [];
        for (int i = 0; i < 20; i++)
        {
            string marker = $"m{Guid.NewGuid():n}";
            ClientRun run = await TlsClient.RunAsync(
                Wget, [], "-q", "-O", "-", "--ca-certificate=" + nginx.CertificatePath, $"--header=X-Marker: {marker}", nginx.Url + "/page");
            runs.Add((run, marker));
        }

        await session.Log.WaitUntilAsync(
            e => runs.All(r => Secrets(e, r.Run).Length == r.Run.KeyLog.Count && e.Any(d => d.Process?.Pid == r.Run.Pid && TlsStream.Contains(d, "HTTP/1.1 200"))),
            s_limit, "secrets and answer of every wget");
        IReadOnlyList<Event> events = await session.StopAsync();
        foreach ((ClientRun run, string marker) in runs)
        {
            Assert.NotEmpty(run.KeyLog);
            Assert.Equal(run.KeyLog, KeyLog.Of(Secrets(events, run)));
            NginxRequest request = await nginx.RequestAsync(marker);
            Event sent = Assert.Single(events, e => e.Process?.Pid == run.Pid && TlsStream.Contains(e, marker));
            Assert.Equal((uint)request.Port, sent.Flow.LocalPort);
        }
    }

    private static Event[] Secrets(IEnumerable<Event> events, ClientRun client) =>
        [.. events.Where(e => e.TlsSecret is not null && e.Process.Pid == client.Pid)];

    private static Event[] Data(IEnumerable<Event> events, ClientRun client, Direction direction) =>
        TlsStream.Data(events, e => e.Process?.Pid == client.Pid, direction);

    private static async Task<IReadOnlyList<Event>> StreamsAsync(CaptureSession session, ClientRun client, int size, Direction direction)
    {
        await session.Log.WaitUntilAsync(
            e => Data(e, client, direction).Sum(d => (long)d.TlsData.Data.Length) > size, s_limit, "the plaintext of wget");
        IReadOnlyList<Event> events = await session.StopAsync();
        Assert.DoesNotContain(events, e => e.Loss is not null);
        return events;
    }

    private Task<ClientRun> WgetAsync(NginxServer nginx, string priority, params string[] arguments) => TlsClient.RunAsync(
        Wget, [],
        ["-q", "-O", "-", "--ca-certificate=" + nginx.CertificatePath, "--ciphers=" + priority, $"--header=X-Marker: {_marker}", .. arguments]);
}
