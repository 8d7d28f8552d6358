using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.Support.Tls;

/// <summary>dumpcap on the loopback, and tshark, which decrypts what it saw with the keys it is given.</summary>
public sealed class WireCapture : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly int _port;
    private readonly ServerProcess _dumpcap;

    private WireCapture(string folder, int port, ServerProcess dumpcap)
    {
        _folder = folder;
        _port = port;
        _dumpcap = dumpcap;
    }

    private string Packets => Path.Combine(_folder, "packets.pcapng");

    /// <summary>Starts when it sees packets.</summary>
    public static async Task<WireCapture> StartAsync(string folder, int port)
    {
        ServerProcess dumpcap = ServerProcess.Start(
            "/usr/bin/dumpcap", ["-i", "lo", "-f", $"tcp port {port}", "-w", Path.Combine(folder, "packets.pcapng")]);
        WireCapture capture = new(folder, port, dumpcap);
        await dumpcap.WaitReadyAsync(
            _ => Task.FromResult(dumpcap.Output.Contains("File: ", StringComparison.Ordinal)), s_limit, CancellationToken.None);
        return capture;
    }

    /// <summary>Waits until a number of packets with FIN was written.</summary>
    public Task WaitForEndsAsync(int ends) =>
        _dumpcap.WaitReadyAsync(async _ => await CountAsync("tcp.flags.fin == 1") >= ends, s_limit, CancellationToken.None);

    /// <summary>The ports of the clients that opened connections, in their order.</summary>
    public async Task<IReadOnlyList<int>> ClientPortsAsync() =>
        [.. (await TsharkAsync("-r", Packets, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T", "fields", "-e", "tcp.srcport"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture)).Distinct()];

    /// <summary>What tshark shows of HTTP with these keys: paths and bodies.</summary>
    public async Task<string> DecryptAsync(IReadOnlyList<string> keys)
    {
        string keyLog = Path.Combine(_folder, "keys");
        File.WriteAllLines(keyLog, keys);
        return await TsharkAsync(
            "-r", Packets, "-o", "tls.keylog_file:" + keyLog, "-d", string.Create(CultureInfo.InvariantCulture, $"tcp.port=={_port},tls"), "-Y", "http or http2",
            "-T", "fields", "-e", "http.request.uri", "-e", "http2.headers.path", "-e", "data.data", "-e", "http.file_data", "-e", "http2.data.data");
    }

    public ValueTask DisposeAsync() => _dumpcap.DisposeAsync();

    /// <summary>How many packets a display filter of tshark shows.</summary>
    public async Task<int> CountAsync(string filter) =>
        File.Exists(Packets) ? (await TsharkAsync("-r", Packets, "-d", string.Create(CultureInfo.InvariantCulture, $"tcp.port=={_port},tls"), "-Y", filter)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length : 0;

    private static async Task<string> TsharkAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("/usr/bin/tshark", ["-n", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process tshark = Process.Start(start)!;
        Task<string> errors = tshark.StandardError.ReadToEndAsync();
        string output = await tshark.StandardOutput.ReadToEndAsync();
        await tshark.WaitForExitAsync();
        bool isCut = (await errors).Contains("cut short", StringComparison.Ordinal); // dumpcap is still writing
        return tshark.ExitCode == 0 || isCut ? output : throw new InvalidOperationException($"tshark ended with {tshark.ExitCode}: {await errors}");
    }
}
