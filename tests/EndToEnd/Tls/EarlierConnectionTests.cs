using System.Globalization;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Connections that were there before the agent: their secrets are read by what newer connections taught, and proved by a record.</summary>
[Collection(CaptureCollection.Name)]
public sealed class EarlierConnectionTests : IDisposable
{
    // Arguments: port, CA, greatest version. Connects and says its port; then for each line of its input sends a request, prints the answer's status.
    private const string Client = """
        import socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        context.maximum_version = getattr(ssl.TLSVersion, sys.argv[3])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        print(c.getsockname()[1])
        for line in sys.stdin:
            c.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\nX-Marker: " + line.strip().encode() + b"\r\n\r\n")
            print(c.recv(65536).split(b"\r\n")[0].decode())
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-earlier").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("TLSv1_3", true)]
    [InlineData("TLSv1_2", true)]
    [InlineData("TLSv1_3", false)] // nobody sees which object it uses: found in the process's memory
    public async Task Secrets_ConnectionOlderThanTheAgent_AreThoseOfItsOwnKeyLogAndTellWhereItsRecordsStand(string version, bool plaintext)
    {
        string keyLog = Path.Combine(_folder, "keys");
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        string[] arguments = [nginx.Port.ToString(CultureInfo.InvariantCulture), nginx.CertificatePath, version];
        using ScriptProcess old = ScriptProcess.Python(Client, arguments, ("SSLKEYLOGFILE", keyLog));
        uint port = uint.Parse(await old.ReadLineAsync(), CultureInfo.InvariantCulture);
        await AskAsync(old, 5);

        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = ["tls", "packet"], Interfaces = ["lo"], TlsPlaintext = plaintext });
        using ScriptProcess newer = ScriptProcess.Python(Client, arguments);
        await newer.ReadLineAsync();
        await AskAsync(newer, 1);
        bool IsProved(Event e) => e.TlsSecret?.Position is not null && (e.Flow.LocalPort == port || e.Flow.RemotePort == port);
        await AskAsync(old, 1);
        await session.Log.WaitUntilAsync(e => e.Count(IsProved) >= 2, TimeSpan.FromSeconds(60), "the secrets of both directions");

        Event[] proved = [.. (await session.StopAsync()).Where(IsProved)];
        string[] known = [.. KeyLog.Read(keyLog)];
        Assert.All(KeyLog.Of(proved), line => Assert.Contains(line, known));
        Assert.Single(proved.Select(e => e.Connection).Distinct());
        Assert.Equal([true, false], proved.Select(e => e.TlsSecret.Position.IsClients).Distinct().OrderDescending());
    }

    private static async Task AskAsync(ScriptProcess client, int times)
    {
        for (int i = 0; i < times; i++)
        {
            client.WriteLine("x");
            Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        }
    }
}
