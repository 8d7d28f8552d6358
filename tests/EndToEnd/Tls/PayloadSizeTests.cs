using System.Globalization;
using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>Calls of every size around the limits of TLS records and of the kernel's chunks, both ways over one connection.</summary>
[Collection(CaptureCollection.Name)]
public sealed class PayloadSizeTests : IDisposable
{
    // Arguments: certificate, key. Sends back what it gets, piece by piece as it was told: 4 bytes of length before each.
    private const string Server = """
        import hashlib, socket, ssl, sys
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        s = socket.create_server(("127.0.0.1", 0))
        print(s.getsockname()[1])
        c = context.wrap_socket(s.accept()[0], server_side=True)
        got, sent = hashlib.sha256(), hashlib.sha256()
        def exactly(n):
            data = b""
            while len(data) < n:
                piece = c.recv(n - len(data))
                if not piece:
                    return None
                data += piece
            got.update(data)
            return data
        while (head := exactly(4)):
            data = exactly(int.from_bytes(head, "big"))[::-1]
            c.sendall(data)
            sent.update(data)
        print(got.hexdigest(), sent.hexdigest())
        """;

    // Arguments: port, CA, sizes.
    private const string Client = """
        import hashlib, os, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        got, sent = hashlib.sha256(), hashlib.sha256()
        for size in map(int, sys.argv[3].split(",")):
            data = size.to_bytes(4, "big") + os.urandom(size)
            c.sendall(data)
            sent.update(data)
            left = size
            while left:
                piece = c.recv(left)
                got.update(piece)
                left -= len(piece)
        print(got.hexdigest(), sent.hexdigest())
        """;

    private static readonly int[] s_sizes =
    [
        1, 2, 3, 255, 256, 4091, 4092, 4093, 4096, 16379, 16380, 16381, 16383, 16384, 16385, 32763, 32764, 32765, 65535, 65536, 65537, 131_072, 262_143, 1_048_572, 1_048_577,
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-sizes").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Plaintext_CallsAroundEveryLimit_AreTheBytesOfBothSides()
    {
        TestCertificate certificate = TestCertificate.Create(_folder);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        using ScriptProcess server = ScriptProcess.Python(Server, [certificate.CertificatePath, certificate.KeyPath]);
        using ScriptProcess client = ScriptProcess.Python(
            Client, [await server.ReadLineAsync(), certificate.CertificatePath, string.Join(',', s_sizes.Select(s => s.ToString(CultureInfo.InvariantCulture)))]);
        string[] atClient = (await client.ReadLineAsync()).Split(' ');
        string[] atServer = (await server.ReadLineAsync()).Split(' ');
        await client.WaitForExitAsync();
        await server.WaitForExitAsync();
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal((atClient[0], atClient[1]), (atServer[1], atServer[0]));
        Assert.Equal([], events.Where(e => e.Loss is not null).Select(e => e.ToString()));
        foreach ((ScriptProcess process, string[] digests) in ((ScriptProcess, string[])[])[(client, atClient), (server, atServer)])
        {
            Assert.Equal(
                digests, ((Direction[])[Direction.Received, Direction.Sent]).Select(
                    d => Convert.ToHexStringLower(SHA256.HashData(TlsStream.Join(TlsStream.Data(events, e => e.Process?.Pid == process.Pid, d))))));
        }
    }
}
