using System.Globalization;
using System.Text;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>0-RTT: a request that goes with the ClientHello, under a secret of its own (RFC 8446, section 4.2.10).</summary>
[Collection(CaptureCollection.Name)]
public sealed class EarlyDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-early").FullName;
    private readonly string _marker = $"m{Guid.NewGuid():n}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Capture_RequestInEarlyData_SecretsPlaintextAndTuple()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        string request = $"GET /{_marker} HTTP/1.0\r\n\r\n";
        (string ticket, string early, string keyLog) = (Path.Combine(_folder, "session"), Path.Combine(_folder, "request"), Path.Combine(_folder, "keys"));
        await File.WriteAllTextAsync(early, request, TestContext.Current.CancellationToken);
        int port = FreePort.Next();
        string[] connect = ["s_client", "-connect", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "-tls1_3", "-CAfile", certificate.CertificatePath];
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        using ScriptProcess server = ScriptProcess.Start(
            "/usr/bin/openssl",
            ["s_server", "-accept", port.ToString(CultureInfo.InvariantCulture), "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-tls1_3", "-early_data"]);
        await server.WaitForLineAsync("ACCEPT");
        await using WireCapture wire = await WireCapture.StartAsync(_folder, port);

        using ScriptProcess first = ScriptProcess.Start("/usr/bin/openssl", [.. connect, "-sess_out", ticket]);
        await WaitForTicketAsync(ticket);
        first.WriteLine("Q");
        await first.WaitForExitAsync();
        using ScriptProcess second = ScriptProcess.Start("/usr/bin/openssl", [.. connect, "-sess_in", ticket, "-early_data", early, "-keylogfile", keyLog]);
        await second.WaitForLineAsync("Early data was accepted");
        await session.WaitForAsync(e => e.Process?.Pid == server.Pid && TlsStream.Contains(e, _marker), "the request at the server");
        second.WriteLine("Q");
        await second.WaitForExitAsync();
        await wire.WaitForEndsAsync(4);
        IReadOnlyList<Event> events = await session.StopAsync();

        bool IsClients(Event e) => e.Process?.Pid == second.Pid;
        Event[] secrets = [.. events.Where(e => e.TlsSecret is not null && IsClients(e))];
        Assert.Equal(KeyLog.Read(keyLog), KeyLog.Of(secrets));
        Assert.Contains(secrets, e => e.TlsSecret.Label == "CLIENT_EARLY_TRAFFIC_SECRET");
        // The client has its early secrets before it has sent anything: their connection's addresses are known by what comes after them.
        ulong connection = Assert.Single(events.Where(e => IsClients(e) && (e.TlsSecret ?? (object)e.TlsData) is not null).Select(e => e.Connection).Distinct());
        ulong flow = Assert.Single(secrets.Where(e => e.Flow is not null).Select(e => e.Flow.Id).Distinct());
        bool IsServers(Event e) => e.Process?.Pid == server.Pid && e.Flow?.Id == flow;
        Assert.Equal(KeyLog.Of(secrets), KeyLog.Of(events.Where(IsServers)));
        Assert.Equal(request, Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(events, IsClients, Direction.Sent))));
        Assert.Equal(request, Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(events, IsServers, Direction.Received))));
        Assert.Contains(events, e => e.ConnectionLink is not null && e.Connection == connection && e.Flow?.Id == flow && e.Flow.RemotePort == port);
        Assert.Contains("/" + _marker, await wire.DecryptAsync(KeyLog.Of(secrets)), StringComparison.Ordinal);
    }

    // s_client says that a ticket came, but into a pipe it says so late.
    private static async Task WaitForTicketAsync(string file)
    {
        long end = Environment.TickCount64 + 60_000;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (!File.Exists(file) || !File.ReadAllText(file).Contains("END SSL SESSION", StringComparison.Ordinal))
        {
            Assert.True(Environment.TickCount64 < end, "no session ticket came within 60 s");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
