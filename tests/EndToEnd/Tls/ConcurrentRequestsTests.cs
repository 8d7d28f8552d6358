using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>64 connections at once and 10,048 requests: nothing is missing, nothing is in another connection's stream.</summary>
[Collection(CaptureCollection.Name)]
public sealed partial class ConcurrentRequestsTests : IDisposable
{
    private const int Clients = 64;
    private const int Requests = 157; // of each

    // Arguments: port, CA, marker, clients, requests. Each client has a connection of its own and asks for paths that name it; prints how many answers it got right.
    private const string Script = """
        import socket, ssl, sys, threading
        port, marker, clients, requests = int(sys.argv[1]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
        context = ssl.create_default_context(cafile=sys.argv[2])
        right = [0] * clients
        def run(client):
            c = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
            for i in range(requests):
                path = f"/echo/{marker}/{client}/{i}"
                c.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Marker: {marker}\r\n\r\n".encode())
                answer = b""
                while not answer.endswith(path.encode()):
                    data = c.recv(65536)
                    if not data:
                        return
                    answer += data
                right[client] += 1
            c.close()
        threads = [threading.Thread(target=run, args=(i,)) for i in range(clients)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(sum(right))
        """;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private readonly string _marker = $"m{Guid.NewGuid():n}";
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-crowd").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Capture_ManyClientsAtOnce_NothingMissingNothingCrossed()
    {
        string keyLog = Path.Combine(_folder, "keys");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        using ScriptProcess client = ScriptProcess.Python(
            Script, [Text(nginx.Port), nginx.CertificatePath, _marker, Text(Clients), Text(Requests)], ("SSLKEYLOGFILE", keyLog));
        Assert.Equal(Text(Clients * Requests), await client.ReadLineAsync(s_patience));
        await client.WaitForExitAsync();

        // nginx logs a request when its answer was written: only then its last call has returned.
        await nginx.RequestsAsync(_marker, Clients * Requests);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal([], events.Where(e => e.Loss is not null).Select(e => e.ToString()));
        Dictionary<ulong, int> byFlow = AssertSide(events, e => e.Process?.Pid == client.Pid, Direction.Sent, Direction.Received);
        bool IsServers(Event e) => e.Process?.Pid != client.Pid && e.Flow?.LocalPort == nginx.Port;
        Assert.Equal(byFlow.OrderBy(f => f.Key), AssertSide(events, IsServers, Direction.Received, Direction.Sent).OrderBy(f => f.Key));

        IReadOnlyList<string> keys = KeyLog.Read(keyLog);
        Assert.Equal(keys, KeyLog.Of(events.Where(e => e.Process?.Pid == client.Pid)));
        Assert.Equal(keys, KeyLog.Of(events.Where(IsServers)));
        Assert.Equal(Clients, events.Where(e => e.TlsSecret is not null && e.Process.Pid == client.Pid).Select(e => (e.Connection, e.TlsSecret.ClientRandom)).Distinct().Count());
    }

    // Every connection's two streams are those of one client, whole and in order. Gives the client of each flow.
    private Dictionary<ulong, int> AssertSide(IReadOnlyList<Event> events, Func<Event, bool> isOfSide, Direction requests, Direction answers)
    {
        Dictionary<ulong, int> byFlow = [];
        Event[] data = [.. events.Where(e => e.TlsData is not null && isOfSide(e))];
        foreach (IGrouping<ulong, Event> connection in data.GroupBy(e => e.Connection))
        {
            ulong flow = Assert.Single(connection.Select(e => e.Flow.Id).Distinct());
            string asked = Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(connection, _ => true, requests)));
            int client = int.Parse(EchoPath().Match(asked).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            string[] paths = [.. Enumerable.Range(0, Requests).Select(i => $"/echo/{_marker}/{client}/{i}")];
            Assert.Equal(string.Concat(paths.Select(p => $"GET {p} HTTP/1.1\r\nHost: localhost\r\nX-Marker: {_marker}\r\n\r\n")), asked);
            string answered = Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(connection, _ => true, answers)));
            Assert.Equal(paths, EchoPath().Matches(answered).Select(m => m.Value));
            Assert.True(byFlow.TryAdd(flow, client), $"flow {flow} is of two connections");
        }

        Assert.Equal(Enumerable.Range(0, Clients), byFlow.Values.Order());
        return byFlow;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("/echo/[a-z0-9]+/([0-9]+)/[0-9]+")]
    private static partial Regex EchoPath();
}
