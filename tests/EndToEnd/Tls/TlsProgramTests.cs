using System.Globalization;
using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Programs that use the library in other ways than curl and nginx.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TlsProgramTests : IDisposable
{
    // Arguments: port, CA. Says "connected PORT", then for each line of its input: sends it as a request, prints the answer's status.
    internal const string Client = """
        import socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        print("connected", c.getsockname()[1])
        for line in sys.stdin:
            c.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\nX-Marker: " + line.strip().encode() + b"\r\n\r\n")
            print(c.recv(65536).split(b"\r\n")[0].decode())
        """;

    // Arguments: certificate, key, bytes. Echoes nothing: reads slowly, so that the writer blocks.
    private const string SlowServer = """
        import hashlib, socket, ssl, sys, time
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        s = socket.create_server(("127.0.0.1", 0))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        print(s.getsockname()[1])
        c = context.wrap_socket(s.accept()[0], server_side=True)
        left, digest = int(sys.argv[3]), hashlib.sha256()
        while left:
            data = c.recv(65536)
            digest.update(data)
            left -= len(data)
            if left % 7 == 0:
                time.sleep(0.001)
        print(digest.hexdigest())
        """;

    // Arguments: port, CA, file. mode "block": one call for the whole file; "poll": does not wait in the call and repeats it.
    private const string Sender = """
        import select, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        data, waits = open(sys.argv[3], "rb").read(), 0
        if sys.argv[4] == "block":
            c.sendall(data)
        else:
            c.setblocking(False)
            view, at = memoryview(data), 0
            while at < len(data):
                try:
                    at += c.send(view[at:at + 200000])
                except ssl.SSLWantWriteError:
                    waits += 1
                    select.select([], [c], [])
        print(waits)
        sys.stdin.readline()
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Plaintext_ProcessAndConnectionOlderThanTheAgent_CapturedWithTuple()
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + marker);
        using ScriptProcess client = ScriptProcess.Python(Client, [Text(nginx.Port), nginx.CertificatePath]);
        uint port = uint.Parse((await client.ReadLineAsync()).Split(' ')[1], CultureInfo.InvariantCulture);

        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        client.WriteLine(marker);
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());

        Event sent = await session.WaitForAsync(
            e => e.Process?.Pid == client.Pid && e.TlsData?.Direction == Direction.Sent && TlsStream.Contains(e, marker), "the request at the client");
        Event answered = await session.WaitForAsync(
            e => e.Process?.Pid == client.Pid && e.TlsData?.Direction == Direction.Received && TlsStream.Contains(e, "page of " + marker), "the answer");
        Event received = await session.WaitForAsync(
            e => e.Process?.Pid != client.Pid && e.TlsData?.Direction == Direction.Received && TlsStream.Contains(e, marker), "the request at nginx");
        Assert.Equal(port, sent.Flow.LocalPort);
        Assert.Equal((uint)nginx.Port, sent.Flow.RemotePort);
        Assert.Equal(port, received.Flow.RemotePort);
        Assert.Equal(sent.Flow.Id, received.Flow.Id);
        Assert.Equal(sent.Connection, answered.Connection);
        Assert.DoesNotContain(await session.StopAsync(), e => e.TlsSecret is not null && e.Process.Pid == client.Pid); // older than the agent
    }

    [Fact]
    public async Task Plaintext_PythonUsesTheExFunctions_CapturedOnce()
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page of " + marker);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        string keyLog = Path.Combine(_folder, "keys");

        using ScriptProcess client = ScriptProcess.Python(Client, [Text(nginx.Port), nginx.CertificatePath], ("SSLKEYLOGFILE", keyLog));
        await client.ReadLineAsync();
        client.WriteLine(marker);
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        await client.WaitForExitAsync();
        await session.WaitForAsync(
            e => e.Process?.Pid == client.Pid && TlsStream.Contains(e, "page of " + marker), "the answer");
        IReadOnlyList<Event> events = await session.StopAsync();

        byte[] sent = TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == client.Pid, Direction.Sent));
        Assert.Equal($"GET /page HTTP/1.1\r\nHost: localhost\r\nX-Marker: {marker}\r\n\r\n", System.Text.Encoding.ASCII.GetString(sent));
        Assert.Equal(KeyLog.Read(keyLog), KeyLog.Of(events.Where(e => e.Process?.Pid == client.Pid)));
    }

    [Theory]
    [InlineData("block")]
    [InlineData("poll")]
    public async Task Plaintext_WriterThatMustWait_EightMegabytesOnce(string mode)
    {
        const int Size = 8 << 20;
        byte[] payload = RandomNumberGenerator.GetBytes(Size);
        string file = Path.Combine(_folder, "payload");
        File.WriteAllBytes(file, payload);
        TestCertificate certificate = TestCertificate.Create(_folder);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        using ScriptProcess server = ScriptProcess.Python(SlowServer, [certificate.CertificatePath, certificate.KeyPath, Text(Size)]);
        string port = await server.ReadLineAsync();
        using ScriptProcess sender = ScriptProcess.Python(Sender, [port, certificate.CertificatePath, file, mode]);
        int waits = int.Parse(await sender.ReadLineAsync(), CultureInfo.InvariantCulture);
        string digest = await server.ReadLineAsync();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(payload)), digest);
        Assert.True(mode == "block" ? waits == 0 : waits > 0, $"the writer was told {waits} times to repeat its call");

        await session.Log.WaitUntilAsync(
            e => Sum(e, sender, Direction.Sent) >= Size && Sum(e, server, Direction.Received) >= Size, TimeSpan.FromSeconds(60), "all bytes");
        IReadOnlyList<Event> events = await session.StopAsync();

        byte[] sent = TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == sender.Pid, Direction.Sent));
        byte[] received = TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == server.Pid, Direction.Received));
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(sent)));
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(received)));
    }

    [Fact]
    public async Task Plaintext_OneCallOfMoreThanIsTaken_CutIsDeclared()
    {
        const int Taken = 16 << 20;
        const int Size = Taken + 100_000;
        string file = Path.Combine(_folder, "payload");
        File.WriteAllBytes(file, RandomNumberGenerator.GetBytes(Size));
        TestCertificate certificate = TestCertificate.Create(_folder);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        using ScriptProcess server = ScriptProcess.Python(SlowServer, [certificate.CertificatePath, certificate.KeyPath, Text(Size)]);
        string port = await server.ReadLineAsync();
        using ScriptProcess sender = ScriptProcess.Python(Sender, [port, certificate.CertificatePath, file, "block"]);
        await sender.ReadLineAsync();
        await server.ReadLineAsync();
        await session.WaitForAsync(e => e.Loss?.Why.Contains("more bytes than are taken", StringComparison.Ordinal) == true, "the loss");
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] sent = TlsStream.Data(events, e => e.Process?.Pid == sender.Pid, Direction.Sent);
        Assert.Equal(Taken, sent.Sum(e => e.TlsData.Data.Length));
        Assert.Equal((ulong)(sent[^1].TlsData.Data.Length + Size - Taken), sent[^1].Truncation.Length);
        Assert.All(sent[..^1], e => Assert.Null(e.Truncation));
    }

    [Fact]
    public async Task Plaintext_MemoryBioOfAsyncio_CapturedWithTheThreadsSocket()
    {
        const string Script = """
            import asyncio, ssl, sys
            async def main():
                context = ssl.create_default_context(cafile=sys.argv[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
                writer.write(b"GET /page HTTP/1.0\r\nX-Marker: " + sys.argv[3].encode() + b"\r\n\r\n")
                print((await reader.read()).split(b"\r\n")[0].decode())
            asyncio.run(main())
            """;
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        await using CaptureSession session = await CaptureSession.StartAsync("tls");

        using ScriptProcess client = ScriptProcess.Python(Script, [Text(nginx.Port), nginx.CertificatePath, marker]);
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        NginxRequest request = await nginx.RequestAsync(marker);
        Event sent = await session.WaitForAsync(e => e.Process?.Pid == client.Pid && TlsStream.Contains(e, marker), "the request");
        Event secret = await session.WaitForAsync(e => e.Process?.Pid == client.Pid && e.TlsSecret is not null, "a secret");

        Assert.Equal((uint)request.Port, sent.Flow.LocalPort);
        Assert.Equal((uint)request.Port, secret.Flow.LocalPort);
        Assert.Equal(sent.Connection, secret.Connection);
    }

    [Fact]
    public async Task Plaintext_OpenSslServer_Captured()
    {
        string marker = $"m{Guid.NewGuid():n}";
        TestCertificate certificate = TestCertificate.Create(_folder);
        int port = FreePort.Next();
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        using ScriptProcess server = ScriptProcess.Start(
            "/usr/bin/openssl", ["s_server", "-accept", $"127.0.0.1:{port}", "-cert", certificate.CertificatePath, "-key", certificate.KeyPath, "-naccept", "1"]);
        for (string line = ""; line != "ACCEPT";)
        {
            line = await server.ReadLineAsync();
        }

        using ScriptProcess client = ScriptProcess.Python(Client, [Text(port), certificate.CertificatePath]);
        await client.ReadLineAsync();
        client.WriteLine(marker);
        Event received = await session.WaitForAsync(
            e => e.Process?.Pid == server.Pid && e.TlsData?.Direction == Direction.Received && TlsStream.Contains(e, marker), "the request at s_server");
        server.WriteLine("answer of " + marker);

        Assert.Equal("answer of " + marker, await client.ReadLineAsync());
        Event sent = await session.WaitForAsync(
            e => e.Process?.Pid == server.Pid && e.TlsData?.Direction == Direction.Sent && TlsStream.Contains(e, "answer of " + marker), "the answer at s_server");
        Assert.Equal(received.Connection, sent.Connection);
        Assert.Equal((uint)port, sent.Flow.LocalPort);
        IReadOnlyList<Event> events = await session.StopAsync();
        IReadOnlyList<string> secrets = KeyLog.Of(events.Where(e => e.Process?.Pid == server.Pid));
        Assert.Equal(5, secrets.Count);
        Assert.Equal(secrets, KeyLog.Of(events.Where(e => e.Process?.Pid == client.Pid)));
    }

    private static long Sum(IReadOnlyList<Event> events, ScriptProcess process, Direction direction) =>
        TlsStream.Data(events, e => e.Process?.Pid == process.Pid, direction).Sum(e => (long)e.TlsData.Data.Length);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
