using System.Diagnostics;
using ECapture.Pcapng;
using Process = System.Diagnostics.Process;

namespace ECapture.Benchmarks.Query;

/// <summary><c>editcap --inject-secrets</c> on the packets and keys of a rebuilt file.</summary>
internal sealed class Editcap(string folder)
{
    private string Keys => Path.Combine(folder, "keys.txt");

    /// <summary>The packets alone.</summary>
    public string Packets => Path.Combine(folder, "packets.pcapng");

    public static void Check()
    {
        if (!File.Exists("/usr/bin/editcap"))
        {
            throw new InvalidOperationException("editcap is missing; run `make setup` or: apt-get install tshark");
        }
    }

    /// <summary>Takes the keys out of a file.</summary>
    public async Task WriteKeysAsync(string file)
    {
        await using FileStream stream = File.OpenRead(file);
        await using FileStream target = File.Create(Keys);
        var reader = new PcapngReader(stream);
        while (reader.Read() is { } block and not PacketBlock)
        {
            if (block is DecryptionSecretsBlock secrets)
            {
                await target.WriteAsync(secrets.Data);
            }
        }
    }

    public async Task<Run> RunAsync()
    {
        string output = Path.Combine(folder, "editcap.pcapng");
        File.Delete(output);
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start("editcap", ["--inject-secrets", "tls," + Keys, Packets, output]);
        long peak = 0;
        double cpu = 0;
        while (!process.HasExited)
        {
            peak = Math.Max(peak, ProcessCost.Peak(process.Id));
            cpu = Math.Max(cpu, ProcessCost.CpuSeconds(process.Id));
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(5));
        }

        var run = new Run(watch.Elapsed.TotalSeconds, cpu, new FileInfo(output).Length, peak, 0, 0, "");
        File.Delete(output);
        return process.ExitCode == 0 ? run : throw new InvalidOperationException($"editcap ended with {process.ExitCode}");
    }
}
