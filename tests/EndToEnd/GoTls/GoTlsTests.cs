using System.Net;
using System.Security.Cryptography;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Source = ECapture.Events.V1.ConnectionLink.Types.Source;

namespace ECapture.Tests.EndToEnd.GoTls;

[Collection(CaptureCollection.Name)]
public sealed class GoTlsTests(GoPrograms programs) : IClassFixture<GoPrograms>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("normal", "1.2", 1)]
    [InlineData("normal", "1.3", 4)]
    [InlineData("stripped", "1.2", 1)]
    [InlineData("stripped", "1.3", 4)]
    [InlineData("pie", "1.3", 4)]
    [InlineData("pie-stripped", "1.2", 1)]
    [InlineData("pie-stripped", "1.3", 4)]
    public async Task Client_NamedUpFront_SecretsAreItsKeyLogAndDataItsRequest(string build, string tls, int lines)
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + marker);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["gotls"], GoPrograms = [programs[build]] });

        CurlRun run = await programs.RunClientAsync(programs[build], nginx.CertificatePath, tls, "-marker", marker, nginx.Url + "/page");
        NginxRequest request = await nginx.RequestAsync(marker);
        await session.Log.WaitUntilAsync(e => Secrets(e, run.Pid).Length >= lines && e.Any(d => TlsStream.Contains(d, "page of " + marker)), s_limit, "secrets and answer");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] secrets = Secrets(events, run.Pid);
        Assert.Equal(lines, run.KeyLog.Count);
        Assert.Equal(run.KeyLog, KeyLog.Of(secrets));
        Event sent = Assert.Single(events, e => TlsStream.Contains(e, marker) && e.TlsData.Direction == Direction.Sent);
        Event received = Assert.Single(events, e => TlsStream.Contains(e, marker) && e.TlsData.Direction == Direction.Received);
        Assert.Equal("gotls", sent.Topic);
        Assert.Equal(run.Pid, sent.Process.Pid);
        Assert.Single(secrets.Append(sent).Append(received).Select(e => e.Connection).Distinct());
        Assert.All(secrets.Append(sent).Append(received), e =>
        {
            Assert.Equal("go", e.TlsSecret?.Library ?? e.TlsData.Library);
            Assert.Equal((uint)request.Port, e.Flow.LocalPort);
            Assert.Equal((uint)nginx.Port, e.Flow.RemotePort);
            Assert.Equal(IPAddress.Loopback.GetAddressBytes(), e.Flow.RemoteAddress.ToByteArray());
        });
        Event bySecret = Assert.Single(events, e => e.Connection == sent.Connection && e.ConnectionLink?.Source == Source.Secret);
        Assert.Equal(secrets[0].TlsSecret.ClientRandom, bySecret.ConnectionLink.ClientRandom);
        Event bySocket = Assert.Single(events, e => e.Connection == sent.Connection && e.ConnectionLink?.Source == Source.Socket);
        Assert.Equal(sent.Flow.Id, bySocket.Flow.Id);
        Assert.DoesNotContain(events, e => e.Loss is not null || e.Coverage?.Subject == "go program");
    }

    [Theory]
    [InlineData("normal", "1.2", 1)]
    [InlineData("stripped", "1.3", 4)]
    [InlineData("pie-stripped", "1.3", 4)]
    public async Task Server_ThatRunsAlready_SecretsAreItsKeyLog(string build, string tls, int lines)
    {
        await using GoServer server = await programs.StartServerAsync(programs[build], tls);
        File.WriteAllText(Path.Combine(server.Folder, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync("gotls");

        CurlRun curl = await CurlClient.RunAsync(server.CertificatePath, server.Url + "/page");
        await session.Log.WaitUntilAsync(e => Secrets(e, server.Pid).Length >= lines, s_limit, "the server's secrets");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(KeyLog.Read(server.KeyLogPath), KeyLog.Of(Secrets(events, server.Pid)));
        Assert.Subset(curl.KeyLog.ToHashSet(), KeyLog.Of(Secrets(events, server.Pid)).ToHashSet());
        Assert.All(Secrets(events, server.Pid), e => Assert.Equal((uint)server.Port, e.Flow.LocalPort));
    }

    [Theory]
    [InlineData("normal", "1.3", 1)]
    [InlineData("stripped", "1.2", 16 * 1024)]
    [InlineData("pie", "1.3", 100_000)]
    [InlineData("normal", "1.2", 1 << 20)]
    [InlineData("stripped", "1.3", 1 << 20)]
    public async Task Data_DownloadAndUpload_AreTheFilesOnBothSides(string build, string tls, int size)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(size);
        await using GoServer server = await programs.StartServerAsync(programs[build], tls);
        string file = Path.Combine(server.Folder, "file");
        File.WriteAllBytes(file, payload);
        await using CaptureSession session = await CaptureSession.StartAsync("gotls");

        CurlRun download = await programs.RunClientAsync(programs[build], server.CertificatePath, tls, server.Url + "/file");
        CurlRun upload = await programs.RunClientAsync(programs[build], server.CertificatePath, tls, "-put", file, server.Url + "/target");
        Assert.Equal(payload, download.Output);
        Assert.Equal(payload, File.ReadAllBytes(Path.Combine(server.Folder, "target")));
        await session.Log.WaitUntilAsync(
            e => Bytes(e, download.Pid, Direction.Received) > size && Bytes(e, upload.Pid, Direction.Sent) > size
                && Bytes(e, server.Pid, Direction.Received) > size && Bytes(e, server.Pid, Direction.Sent) > size,
            s_limit, "the plaintext of both sides");
        IReadOnlyList<Event> events = await session.StopAsync();

        foreach ((CurlRun client, Direction clients, Direction servers) in
            new[] { (download, Direction.Received, Direction.Sent), (upload, Direction.Sent, Direction.Received) })
        {
            Event[] atClient = TlsStream.Data(events, e => e.Process?.Pid == client.Pid, clients);
            ulong flow = Assert.Single(atClient.Select(e => e.Flow.Id).Distinct());
            Event[] atServer = TlsStream.Data(events, e => e.Process?.Pid == server.Pid && e.Flow.Id == flow, servers);
            Assert.Equal(payload, TlsStream.Http1Body(TlsStream.Join(atClient)));
            Assert.Equal(payload, TlsStream.Http1Body(TlsStream.Join(atServer)));
        }

        Assert.DoesNotContain(events, e => e.Loss is not null);
    }

    [Fact]
    public async Task Connections_ManyAtOnce_AreNotCrossed()
    {
        const int Workers = 16;
        const int Requests = 25;
        string marker = $"m{Guid.NewGuid():n}";
        await using GoServer server = await programs.StartServerAsync(programs["stripped"], "1.3");
        File.WriteAllText(Path.Combine(server.Folder, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync("gotls");

        CurlRun run = await programs.RunClientAsync(
            programs["stripped"], server.CertificatePath, "1.3", "-marker", marker, "-workers", $"{Workers}", "-requests", $"{Requests}", server.Url + "/page");
        await session.Log.WaitUntilAsync(
            e => e.Count(d => d.Process?.Pid == server.Pid && TlsStream.Contains(d, marker)) >= Workers * Requests
                && Secrets(e, server.Pid).Length >= 4 * Workers, s_limit, "all requests");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(run.KeyLog, KeyLog.Of(Secrets(events, run.Pid)));
        Assert.Equal(run.KeyLog, KeyLog.Of(Secrets(events, server.Pid)));
        for (int worker = 0; worker < Workers; worker++)
        {
            Event[] sent = [.. events.Where(e => e.Process?.Pid == run.Pid && TlsStream.Contains(e, $"{marker}-{worker}-"))];
            Event[] received = [.. events.Where(e => e.Process?.Pid == server.Pid && TlsStream.Contains(e, $"{marker}-{worker}-"))];
            Assert.Equal(Requests, sent.Length);
            Assert.Equal(Requests, received.Length);
            ulong connection = Assert.Single(sent.Select(e => e.Connection).Distinct());
            Assert.Single(received.Select(e => e.Connection).Distinct());
            ulong flow = Assert.Single(sent.Concat(received).Select(e => e.Flow.Id).Distinct());
            // The secrets of the connection are of the client random that goes with its flow on the other side, too.
            Assert.Equal(
                Assert.Single(events.Where(e => e.TlsSecret is not null && e.Connection == connection).Select(e => e.TlsSecret.ClientRandom).Distinct()),
                Assert.Single(events.Where(e => e.TlsSecret is not null && e.Process.Pid == server.Pid && e.Flow.Id == flow).Select(e => e.TlsSecret.ClientRandom).Distinct()));
        }
    }

    [Fact]
    public async Task Program_NeverSeenBefore_IsDeclaredAndItsSecondRunIsWhole()
    {
        string program = programs.Copy("stripped", "https-new");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "p");
        await using CaptureSession session = await CaptureSession.StartAsync("gotls");

        CurlRun first = await programs.RunClientAsync(program, nginx.CertificatePath, "1.3", nginx.Url + "/page");
        Event declared = await session.WaitForAsync(e => e.Coverage?.Subject == "go program", "the first run is declared");
        CurlRun second = await programs.RunClientAsync(program, nginx.CertificatePath, "1.3", nginx.Url + "/page");
        await session.Log.WaitUntilAsync(e => Secrets(e, second.Pid).Length >= 4, s_limit, "the secrets of the second run");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(program, declared.Coverage.Target.ToStringUtf8());
        Assert.Equal(first.Pid, declared.Process.Pid);
        Assert.Equal(second.KeyLog, KeyLog.Of(Secrets(events, second.Pid)));
        Assert.Single(events, e => e.Coverage?.Subject == "go program");
    }

    private static Event[] Secrets(IEnumerable<Event> events, uint pid) => [.. events.Where(e => e.TlsSecret is not null && e.Process.Pid == pid)];

    private static long Bytes(IEnumerable<Event> events, uint pid, Direction direction) =>
        TlsStream.Data(events, e => e.Process?.Pid == pid, direction).Sum(e => (long)e.TlsData.Data.Length);
}
