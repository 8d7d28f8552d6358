using System.Globalization;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>One SSL object and one descriptor for connection after connection: each is told from the one before.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ReusedObjectTests
{
    private const int Connections = 5;

    // Arguments: port, marker, connections, IPv6 or not. Prints the port of each connection.
    private const string Script = """
        import ctypes, os, socket, sys
        lib = ctypes.CDLL("libssl.so.3")
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(lib, name).restype = ctypes.c_void_p
        context = ctypes.c_void_p(lib.SSL_CTX_new(ctypes.c_void_p(lib.TLS_client_method())))
        ssl = ctypes.c_void_p(lib.SSL_new(context))
        answer = ctypes.create_string_buffer(4096)
        for i in range(int(sys.argv[3])):
            c = socket.create_connection(("127.0.0.1" if i % 2 else "::1", int(sys.argv[1])))
            port = c.getsockname()[1]
            os.dup2(c.fileno(), 100)
            c.close()
            assert lib.SSL_set_fd(ssl, 100) == 1
            assert lib.SSL_connect(ssl) == 1
            request = f"GET /echo/{sys.argv[2]}/{i} HTTP/1.0\r\n\r\n".encode()
            assert lib.SSL_write(ssl, request, len(request)) == len(request)
            while lib.SSL_read(ssl, answer, len(answer)) > 0:
                pass
            print(port)
            lib.SSL_shutdown(ssl)
            assert lib.SSL_clear(ssl) == 1
        """;

    [Fact]
    public async Task Capture_SslObjectAndDescriptorUsedAgain_EveryConnectionHasItsOwnTupleAndSecrets()
    {
        string marker = $"m{Guid.NewGuid():n}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        await using CaptureSession session = await CaptureSession.StartAsync("tls");
        using ScriptProcess client = ScriptProcess.Python(Script, [Text(nginx.Port), marker, Text(Connections)]);
        List<uint> ports = [];
        for (int i = 0; i < Connections; i++)
        {
            ports.Add(uint.Parse(await client.ReadLineAsync(), CultureInfo.InvariantCulture));
        }

        await client.WaitForExitAsync();
        IReadOnlyList<Event> events = await session.StopAsync();

        Event[] own = [.. events.Where(e => e.Process?.Pid == client.Pid && (e.TlsData is not null || e.TlsSecret is not null))];
        Assert.Equal(Connections, own.Select(e => e.Connection).Distinct().Count());
        for (int i = 0; i < Connections; i++)
        {
            ulong connection = Assert.Single(own, e => TlsStream.Contains(e, $"GET /echo/{marker}/{i} ")).Connection;
            Event[] its = [.. own.Where(e => e.Connection == connection)];
            Assert.All(its, e => Assert.Equal((ports[i], (uint)nginx.Port, i % 2 == 0 ? 16 : 4), (e.Flow.LocalPort, e.Flow.RemotePort, e.Flow.LocalAddress.Length)));
            Assert.EndsWith($"/echo/{marker}/{i}", System.Text.Encoding.ASCII.GetString(TlsStream.Join(TlsStream.Data(its, _ => true, Direction.Received))), StringComparison.Ordinal);
            Assert.Equal(5, KeyLog.Of(its).Count);
            Assert.Single(its.Where(e => e.TlsSecret is not null).Select(e => e.TlsSecret.ClientRandom).Distinct());
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
