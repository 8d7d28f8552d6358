using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using ECapture.Query;
using ECapture.Query.Formatting;
using ECapture.Query.Pcap;
using ECapture.Query.Requests;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Benchmarks.Query;

/// <summary>Answers a request of the API each time a line comes (<c>events?…</c>, <c>pcapng?…</c>), in a process whose memory is nobody else's.</summary>
internal static class QueryWorker
{
    public const string Name = "query-worker";

    public static async Task<int> RunAsync(string address, string output)
    {
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(address), StoreRole.Reader, CancellationToken.None);
        var reader = new EventStoreReader(store);
        long idle = ProcessCost.Peak(Environment.ProcessId);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] parts = line.Split('?', 2);
            List<KeyValuePair<string, string>> parameters =
                [.. parts[1].Split('&').Select(p => p.Split('=', 2)).Select(p => new KeyValuePair<string, string>(p[0], Uri.UnescapeDataString(p[1])))];
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            File.Delete(output);
            long bytes;
            string contents;
            var file = new FirstBytes(new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), watch);
            await using (file)
            {
                contents = parts[0] == "pcapng" ? await PcapngAsync(reader, parameters, file) : await EventsAsync(reader, parameters, file);
                bytes = file.Length;
            }

            double seconds = watch.Elapsed.TotalSeconds;
            double cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{seconds:R} {cpuSeconds:R} {bytes} {ProcessCost.Peak(Environment.ProcessId)} {idle} {file.FirstPacket.TotalSeconds:R} {contents}"));
        }

        return 0;
    }

    private static async Task<string> PcapngAsync(EventStoreReader store, List<KeyValuePair<string, string>> parameters, Stream file)
    {
        PcapngRequest request = RequestReader.ReadPcapng(parameters);
        var builder = new PcapngBuilder(store, request.Options);
        Rebuild rebuild = await builder.PrepareAsync(request.Filter, CancellationToken.None);
        RebuildReport report = await builder.WriteAsync(rebuild, file, CancellationToken.None);
        return string.Create(CultureInfo.InvariantCulture, $"{report.Sessions} {report.Packets} {report.Secrets}");
    }

    private static async Task<string> EventsAsync(EventStoreReader store, List<KeyValuePair<string, string>> parameters, Stream file)
    {
        EventsRequest request = RequestReader.ReadEvents(parameters, EventsFormat.Ndjson);
        PipeWriter pipe = PipeWriter.Create(file, new StreamPipeWriterOptions(leaveOpen: true));
        (long count, _) = await EventsSearch.WriteAsync(store, request, EventFormatters.Create(request.Format, colours: false), pipe, CancellationToken.None);
        await pipe.CompleteAsync();
        return count.ToString(CultureInfo.InvariantCulture);
    }
}
