using System.Buffers.Binary;
using System.Globalization;
using ECapture.Tests.Support;

namespace ECapture.Tests.EndToEnd.Packet;

/// <summary>dumpcap, the other opinion on what was on an interface.</summary>
internal sealed class Sniffer : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly string _file;

    private Sniffer(ServerProcess process, string file)
    {
        _process = process;
        _file = file;
    }

    internal static async Task<Sniffer> StartAsync(string @interface, uint port, CancellationToken cancellationToken)
    {
        const string Program = "/usr/bin/dumpcap";
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException("dumpcap is missing: apt-get install tshark");
        }

        string file = Path.GetTempFileName();
        string filter = string.Create(CultureInfo.InvariantCulture, $"tcp port {port}");
        Sniffer sniffer = new(
            ServerProcess.Start(Program, ["-q", "-P", "-i", @interface, "-s", "262144", "-B", "64", "-f", filter, "-w", file]), file);
        await sniffer._process.WaitReadyAsync(
            _ => Task.FromResult(sniffer._process.Output.Contains("File:", StringComparison.Ordinal)), TimeSpan.FromSeconds(60), cancellationToken);
        return sniffer;
    }

    /// <summary>Ends it and returns the frames it saw.</summary>
    internal async Task<IReadOnlyList<byte[]>> StopAsync(int expected, CancellationToken cancellationToken)
    {
        // dumpcap reads the kernel's ring in blocks: what it has may be younger than what is in its file.
        await _process.WaitReadyAsync(_ => Task.FromResult(Read(_file).Count >= expected), TimeSpan.FromSeconds(60), cancellationToken);
        const int Interrupt = 2;
        _process.Signal(Interrupt);
        await _process.WaitForExitAsync(cancellationToken);
        return Read(_file);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        File.Delete(_file);
    }

    // Classic pcap: a 24-byte header, then records of a 16-byte header and the frame.
    private static List<byte[]> Read(string file)
    {
        byte[] bytes;
        using (FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
        }

        List<byte[]> frames = [];
        for (int at = 24; at + 16 <= bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 8));
            if (at + 16 + length > bytes.Length)
            {
                break;
            }

            frames.Add(bytes[(at + 16)..(at + 16 + length)]);
            at += 16 + length;
        }

        return frames;
    }
}
