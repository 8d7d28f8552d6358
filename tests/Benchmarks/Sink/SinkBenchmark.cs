using System.Diagnostics;
using System.Globalization;
using ECapture.Log;
using ECapture.Sink;
using ECapture.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Benchmarks.Sink;

/// <summary>
/// <c>bench sink [ROWS]</c>: how much of a store's own speed the sink keeps. Both sides write the same rows into the same empty table of
/// the same store, in turns: the sink from encoded events in memory (decode, deduplicate, project, settle, insert), the ceiling from
/// blocks or COPY data that were made before.
/// </summary>
internal static class SinkBenchmark
{
    private const int Rounds = 3;

    public static async Task<int> RunAsync(string[] arguments)
    {
        int rows = 1_000_000;
        if (arguments.Length > 1 || (arguments.Length == 1 && (!int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out rows) || rows < 1)))
        {
            await Console.Error.WriteLineAsync("usage: bench sink [ROWS]");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("ecapture-bench-").FullName;
        try
        {
            // First the engine in this process: it takes signals when it boots.
            await using Store inProcess = await StoreFactory.OpenAsync(StoreAddress.Parse($"chdb:{folder}/store"), StoreRole.Writer, CancellationToken.None);
            await using ClickHouseServer server = await ClickHouseServer.StartAsync(CancellationToken.None);
            await using Store overHttp = await StoreFactory.OpenAsync(await server.CreateDatabaseAsync("bench", CancellationToken.None), StoreRole.Writer, CancellationToken.None);
            await using PostgresCluster cluster = await PostgresCluster.StartAsync(CancellationToken.None);
            await using Store postgres = await StoreFactory.OpenAsync(await cluster.CreateDatabaseAsync("bench", CancellationToken.None), StoreRole.Writer, CancellationToken.None);
            await MeasureAsync(rows,
                [
                    new BenchStore("ClickHouse in process", inProcess, null),
                    new BenchStore("ClickHouse over HTTP", overHttp, server.ProcessId),
                    new BenchStore("PostgreSQL", postgres, cluster.ProcessId),
                ]);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(int rows, BenchStore[] stores)
    {
        LogRecord[] records = EncodedEvents.Make(rows);
        Dictionary<(string Store, bool IsSink), List<(double Seconds, double Cpu)>> measured = [];
        foreach (BenchStore store in stores)
        {
            store.Prebuild(records);
            await SinkAsync(store, records[..Math.Min(rows, 50_000)]); // makes the day's partition, compiles the code
        }

        for (int round = 0; round < Rounds; round++)
        {
            foreach (BenchStore store in stores)
            {
                foreach (bool isSink in (bool[])[round % 2 == 0, round % 2 != 0])
                {
                    await store.ClearAsync(CancellationToken.None);
                    GC.Collect();
                    double cpu = store.CpuSeconds;
                    long start = Stopwatch.GetTimestamp();
                    await (isSink ? SinkAsync(store, records) : store.WriteCeilingAsync(CancellationToken.None));
                    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    (measured.TryGetValue((store.Name, isSink), out List<(double Seconds, double Cpu)>? list) ? list : measured[(store.Name, isSink)] = [])
                        .Add((seconds, store.CpuSeconds - cpu));
                }
            }
        }

        double bytes = records.Average(record => (double)record.Value.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} packet events of {bytes:0} bytes, batches of 100,000, {Rounds} rounds in turns; krows, medians\n"));
        Console.WriteLine("| store | sink rows/s | ceiling rows/s | sink / ceiling | sink rows per CPU-s | ceiling rows per CPU-s | sink / ceiling |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (BenchStore store in stores)
        {
            (double sinkRate, double sinkPerCpu) = Rates(measured[(store.Name, true)], rows);
            (double rate, double perCpu) = Rates(measured[(store.Name, false)], rows);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {store.Name} | {sinkRate:0} k | {rate:0} k | {sinkRate / rate:0.00} | {sinkPerCpu:0} k | {perCpu:0} k | {sinkPerCpu / perCpu:0.00} |"));
        }

        Console.WriteLine("\nCPU: this process and the engine's, client and engine together.");
    }

    private static (double Rate, double PerCpu) Rates(List<(double Seconds, double Cpu)> runs, int rows) =>
        (rows / Median(runs.Select(run => run.Seconds)) / 1000, rows / Median(runs.Select(run => run.Cpu)) / 1000);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static async Task SinkAsync(BenchStore store, LogRecord[] records)
    {
        await using ArrayLog log = new(records);
        using SinkWorker worker = new(
            log, SinkDelivery.For(store.Store, TimeProvider.System, NullLogger.Instance), new SinkOptions(), TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await Task.WhenAny(run, log.Drained);
        await stop.CancelAsync();
        await run;
    }
}
