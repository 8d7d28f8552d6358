using System.Globalization;
using ECapture.Pcapng;
using ECapture.Tests.Support;

[assembly: AssemblyFixture(typeof(ECapture.Tests.Integration.Querying.TlsFixture))]

namespace ECapture.Tests.Integration.Querying;

/// <summary>
/// Real TLS sessions on the loopback, recorded by dumpcap, with their key log: TLS 1.3 and 1.2, and one pair of ports used for two sessions.
/// </summary>
public sealed class TlsFixture : IAsyncLifetime
{
    private const string Client = """
        import socket, ssl, struct, sys, time
        port, local, newest, path, keys = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.keylog_filename = keys
        context.maximum_version = ssl.TLSVersion[newest]
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.bind(("127.0.0.1", local))
        plain.connect(("127.0.0.1", port))
        tls = context.wrap_socket(plain, server_hostname="localhost")
        tls.sendall(("GET /" + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n").encode())
        length = 0
        while True:
            part = tls.recv(65536)
            if not part:
                break
            length += len(part)
            time.sleep(0.05)
        # A reset: the pair of ports is free for the next session at once.
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        tls.close()
        print(length)
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-tls-").FullName;

    /// <summary>What was transferred: marker, pair of ports, process of the client.</summary>
    internal IReadOnlyList<TlsExchange> Exchanges { get; private set; } = [];

    /// <summary>Frames in the order of time.</summary>
    internal IReadOnlyList<(ulong Time, byte[] Data)> Frames { get; private set; } = [];

    /// <summary>Lines of the clients' key log.</summary>
    internal IReadOnlyList<string> KeyLog { get; private set; } = [];

    internal ushort ServerPort { get; private set; }

    public async ValueTask InitializeAsync()
    {
        string In(string name) => Path.Combine(_folder, name);
        await Tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", In("key.pem"), "-out", In("cert.pem"), "-days", "2", "-subj", "/CN=localhost");
        await File.WriteAllTextAsync(In("client.py"), Client);
        ServerPort = (ushort)FreePort.Next();
        ushort again = (ushort)FreePort.Next();
        TlsExchange[] exchanges =
        [
            new("marker-a-" + Guid.NewGuid().ToString("N"), again, "TLSv1_3", "first", 501),
            new("marker-b-" + Guid.NewGuid().ToString("N"), (ushort)FreePort.Next(), "TLSv1_2", "older", 502),
            new("marker-c-" + Guid.NewGuid().ToString("N"), again, "TLSv1_3", "again", 503),
        ];
        await using ServerProcess server = ServerProcess.Start(
            "/bin/sh", ["-c", "cd \"$0\" && exec openssl s_server -accept \"127.0.0.1:$1\" -key key.pem -cert cert.pem -WWW -quiet", _folder, Text(ServerPort)]);
        await using ServerProcess dumpcap = ServerProcess.Start(
            "dumpcap", ["-q", "-i", "lo", "-B", "64", "-f", "tcp port " + Text(ServerPort), "-w", In("lo.pcapng")]);
        await dumpcap.WaitReadyAsync(_ => Task.FromResult(dumpcap.Output.Contains("File:", StringComparison.Ordinal)), TimeSpan.FromSeconds(60), default);
        await server.WaitReadyAsync(_ => Task.FromResult(IsListening()), TimeSpan.FromSeconds(60), default);
        foreach (TlsExchange exchange in exchanges)
        {
            await File.WriteAllTextAsync(In(exchange.Marker), exchange.Marker + new string('.', 200_000));
            await Tool("python3", In("client.py"), Text(ServerPort), Text(exchange.ClientPort), exchange.NewestVersion, exchange.Marker, In("keys.txt"));
        }

        // dumpcap writes in blocks: the last reset is there when as many as sessions are.
        await dumpcap.WaitReadyAsync(_ => Task.FromResult(Resets(In("lo.pcapng")) >= exchanges.Length), TimeSpan.FromSeconds(60), default);
        dumpcap.Signal(2);
        await dumpcap.WaitForExitAsync(default);
        Frames = ReadFrames(In("lo.pcapng"));
        KeyLog = [.. (await File.ReadAllLinesAsync(In("keys.txt"))).Where(l => l.Length > 0 && l[0] != '#')];
        Exchanges = exchanges;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private bool IsListening() => System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == ServerPort);

    private static int Resets(string file) => ReadFrames(file).Count(f => (f.Data[14 + 20 + 13] & 4) != 0);

    private static List<(ulong Time, byte[] Data)> ReadFrames(string file)
    {
        using FileStream stream = File.OpenRead(file);
        var reader = new PcapngReader(stream);
        var frames = new List<(ulong, byte[])>();
        while (reader.Read() is { } block)
        {
            if (block is PacketBlock packet)
            {
                frames.Add(((ulong)packet.UnixNanoseconds!.Value, packet.Data.ToArray()));
            }
        }

        return frames;
    }

    private static Task<string> Tool(string program, params string[] arguments) =>
        Tshark.RunAsync(program, arguments);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
