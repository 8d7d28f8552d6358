using System.Net;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Source = ECapture.Events.V1.ConnectionLink.Types.Source;

namespace ECapture.Tests.EndToEnd.Tls;

[Collection(CaptureCollection.Name)]
public sealed class TlsSecretTests
{
    [Theory]
    [InlineData("TLSv1.2", 1, "--tls-max", "1.2", "--http1.1")]
    [InlineData("TLSv1.2", 1, "--tls-max", "1.2", "--http2")]
    [InlineData("TLSv1.3", 5, "--tlsv1.3", "--http1.1")]
    [InlineData("TLSv1.3", 5, "--tlsv1.3", "--http2")]
    public async Task Secrets_CurlAndNginx_AreCurlsOwnKeyLog(string protocol, int lines, params string[] options)
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + marker);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, [.. options, "-H", $"X-Marker: {marker}", nginx.Url + "/page"]);
        NginxRequest request = await nginx.RequestAsync(marker);
        await session.Log.WaitUntilAsync(
            e => Secrets(e, curl).Length >= lines && ServerSecrets(e, nginx, request).Length >= lines, TimeSpan.FromSeconds(60), "the secrets of both sides");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(protocol, request.Protocol);
        Assert.Equal(lines, curl.KeyLog.Count);
        Event[] client = Secrets(events, curl);
        Event[] server = ServerSecrets(events, nginx, request);
        Assert.Equal(curl.KeyLog, KeyLog.Of(client));
        Assert.Equal(curl.KeyLog, KeyLog.Of(server));

        Assert.All(client, e =>
        {
            Assert.Equal("openssl", e.TlsSecret.Library);
            Assert.Equal("curl", e.Process.Name.ToStringUtf8());
            Assert.Equal((uint)request.Port, e.Flow.LocalPort);
            Assert.Equal((uint)nginx.Port, e.Flow.RemotePort);
            Assert.Equal(IPAddress.Loopback.GetAddressBytes(), e.Flow.RemoteAddress.ToByteArray());
        });
        ulong clientConnection = Assert.Single(client.Select(e => e.Connection).Distinct());
        ulong serverConnection = Assert.Single(server.Select(e => e.Connection).Distinct());
        Assert.NotEqual(0ul, clientConnection);
        Assert.NotEqual(clientConnection, serverConnection);
        Assert.Equal(client[0].Flow.Id, server[0].Flow.Id);

        foreach (ulong connection in (ulong[])[clientConnection, serverConnection])
        {
            Event bySecret = Assert.Single(events, e => e.Connection == connection && e.ConnectionLink?.Source == Source.Secret);
            Assert.Equal(client[0].TlsSecret.ClientRandom, bySecret.ConnectionLink.ClientRandom);
            Assert.Equal(client[0].Flow.Id, bySecret.Flow.Id);
            Event bySocket = Assert.Single(events, e => e.Connection == connection && e.ConnectionLink?.Source == Source.Socket);
            Assert.Equal(client[0].Flow.Id, bySocket.Flow.Id);
        }
    }

    [Fact]
    public async Task Secrets_Ipv6_FlowHasIpv6Addresses()
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), marker);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        CurlRun curl = await CurlClient.RunAsync(nginx.CertificatePath, "-H", $"X-Marker: {marker}", nginx.Ipv6Url + "/page");
        NginxRequest request = await nginx.RequestAsync(marker);
        Event secret = await session.WaitForAsync(e => e.TlsSecret is not null && e.Process.Pid == curl.Pid, "a secret of curl");

        Assert.Equal(IPAddress.IPv6Loopback.GetAddressBytes(), secret.Flow.LocalAddress.ToByteArray());
        Assert.Equal((uint)request.Port, secret.Flow.LocalPort);
        Assert.Equal((uint)nginx.Port, secret.Flow.RemotePort);
    }

    [Fact]
    public async Task Secrets_CurlsOfMilliseconds_EveryOneIsCaughtWithItsOwnTuple()
    {
        const int Runs = 30;
        await using NginxServer nginx = await NginxServer.StartAsync();
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        List<(CurlRun Curl, string Marker)> runs = [];
        for (int i = 0; i < Runs; i++)
        {
            string marker = $"m{Guid.NewGuid():n}";
            runs.Add((await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", "-H", $"X-Marker: {marker}", nginx.Url + "/page"), marker));
        }

        await session.Log.WaitUntilAsync(
            e => runs.All(r => Secrets(e, r.Curl).Length == 5 && e.Any(d => d.Process?.Pid == r.Curl.Pid && TlsStream.Contains(d, "HTTP/1.1 200"))),
            TimeSpan.FromSeconds(60), "secrets and answer of every curl");
        IReadOnlyList<Event> events = await session.StopAsync();
        HashSet<ulong> serverConnections = [];
        foreach ((CurlRun curl, string marker) in runs)
        {
            NginxRequest request = await nginx.RequestAsync(marker);
            Assert.Equal(curl.KeyLog, KeyLog.Of(Secrets(events, curl)));
            Event sent = Assert.Single(events, e => e.Process?.Pid == curl.Pid && TlsStream.Contains(e, marker));
            Assert.Equal((uint)request.Port, sent.Flow.LocalPort);
            // One nginx worker uses one SSL object after another at the same address.
            Event received = Assert.Single(events, e => e.Process?.Pid != curl.Pid && TlsStream.Contains(e, marker));
            Assert.Equal((uint)request.Port, received.Flow.RemotePort);
            Assert.Equal(0ul, received.TlsData.Offset);
            Assert.True(serverConnections.Add(received.Connection), "two connections of nginx have one id");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"median life of a curl: {runs.Select(r => r.Curl.Elapsed).Order().ElementAt(Runs / 2).TotalMilliseconds:f0} ms");
    }

    private static Event[] Secrets(IEnumerable<Event> events, CurlRun curl) =>
        [.. events.Where(e => e.TlsSecret is not null && e.Process.Pid == curl.Pid)];

    private static Event[] ServerSecrets(IEnumerable<Event> events, NginxServer nginx, NginxRequest request) =>
        [.. events.Where(e => e.TlsSecret is not null && e.Flow is not null && e.Flow.LocalPort == nginx.Port && e.Flow.RemotePort == request.Port)];
}
