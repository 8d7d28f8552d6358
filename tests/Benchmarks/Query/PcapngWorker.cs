using System.Diagnostics;
using System.Globalization;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Benchmarks.Query;

/// <summary>Rebuilds a file each time a line comes, in a process whose memory is nobody else's.</summary>
internal static class PcapngWorker
{
    public const string Name = "pcapng-worker";

    public static async Task<int> RunAsync(string address, string output)
    {
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(address), StoreRole.Reader, CancellationToken.None);
        long idle = ProcessCost.Peak(Environment.ProcessId);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            File.Delete(output);
            RebuildReport report;
            await using (var file = new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                var builder = new PcapngBuilder(new EventStoreReader(store), new RebuildOptions { Keys = line != "no-keys" });
                Rebuild rebuild = await builder.PrepareAsync(EventFilter.All, CancellationToken.None);
                report = await builder.WriteAsync(rebuild, file, CancellationToken.None);
            }

            double seconds = watch.Elapsed.TotalSeconds;
            double cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{seconds:R} {cpuSeconds:R} {report.Bytes} {ProcessCost.Peak(Environment.ProcessId)} {idle} {report.Sessions} {report.Packets} {report.Secrets}"));
        }

        return 0;
    }
}
