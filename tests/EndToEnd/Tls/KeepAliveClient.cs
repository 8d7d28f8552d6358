using System.Globalization;

namespace ECapture.Tests.EndToEnd.Tls;

/// <summary>A client that asks for /page over one connection as often as a test wants.</summary>
internal sealed class KeepAliveClient : IDisposable
{
    // Arguments: port, CA, greatest version. Connects and says its port; then for each line of its input sends a request, prints the answer's status.
    private const string Script = """
        import socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        context.maximum_version = getattr(ssl.TLSVersion, sys.argv[3])
        c = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
        print(c.getsockname()[1])
        for line in sys.stdin:
            c.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\nX-Marker: " + line.strip().encode() + b"\r\n\r\n")
            print(c.recv(65536).split(b"\r\n")[0].decode())
        """;

    private readonly ScriptProcess _process;

    private KeepAliveClient(ScriptProcess process, uint port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>Its own port.</summary>
    internal uint Port { get; }

    /// <summary>Connects.</summary>
    internal static async Task<KeepAliveClient> StartAsync(int port, string certificate, string version = "TLSv1_3", string keyLog = "/dev/null")
    {
        ScriptProcess process = ScriptProcess.Python(Script, [port.ToString(CultureInfo.InvariantCulture), certificate, version], ("SSLKEYLOGFILE", keyLog));
        return new KeepAliveClient(process, uint.Parse(await process.ReadLineAsync(), CultureInfo.InvariantCulture));
    }

    /// <summary>Asks, and waits for the answer.</summary>
    internal async Task AskAsync(string marker = "x", int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            _process.WriteLine(marker);
            Assert.Equal("HTTP/1.1 200 OK", await _process.ReadLineAsync());
        }
    }

    public void Dispose() => _process.Dispose();
}
