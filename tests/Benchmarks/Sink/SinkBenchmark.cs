using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ECapture.Log;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Kafka;
using ECapture.Tests.Support.Postgres;

namespace ECapture.Benchmarks.Sink;

/// <summary>
/// <c>make bench-sink</c>: durable events per second from a log into a store, end to end, beside that store's own speed with the same rows, in turns.
/// Every measurement is a process of its own with a new consumer group and an empty database.
/// </summary>
internal sealed class SinkBenchmark(SinkBenchOptions options, TextWriter progress)
{
    private readonly Dictionary<(string What, string Store), List<Measured>> _measured = [];
    private int _databases;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (SinkBenchOptions.Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(SinkBenchOptions.Usage);
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("ecapture-bench-").FullName;
        try
        {
            return await new SinkBenchmark(options, Console.Error).MeasureAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<int> MeasureAsync(string folder)
    {
        string load = Load();
        await using KafkaBroker? broker = options.Logs.Contains("kafka") ? await KafkaBroker.StartAsync() : null;
        await using ClickHouseServer? server = options.Stores.Contains("http") ? await ClickHouseServer.StartAsync(CancellationToken.None) : null;
        await using PostgresCluster? cluster = options.Stores.Contains("postgres")
            ? await PostgresCluster.StartAsync(["max_wal_size=4GB", "shared_buffers=256MB"], CancellationToken.None) : null;
        BenchLogs logs = new(options.Kept ?? Path.Combine(folder, "log"), broker, options.Topic);
        double bytes = await logs.FillAsync(options.Events, done => Show($"filling the log: {done / 1000} k of {options.Events / 1000} k events"), CancellationToken.None);
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (string log in options.Logs)
            {
                await RunAsync(round, "consume " + log, "", ["consume", Address(logs, log)], 0, log == "kafka" ? logs.BrokerPid : 0);
            }

            foreach (string store in options.Stores)
            {
                string[] turns = ["ceiling", .. options.Logs];
                for (int turn = 0; turn < turns.Length; turn++)
                {
                    await MeasureAsync(round, turns[(turn + round) % turns.Length], store, logs, folder, server, cluster);
                }
            }
        }

        Show("");
        SinkReport report = new(options, _measured, bytes, load, Load());
        Console.WriteLine(options.IsJson ? report.ToJson() : report.ToText());
        return 0;
    }

    private async Task MeasureAsync(int round, string what, string store, BenchLogs logs, string folder, ClickHouseServer? server, PostgresCluster? cluster)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"bench{_databases++}");
        (string address, int engine) = store switch
        {
            "http" => ((await server!.CreateDatabaseAsync(name, CancellationToken.None)).Text, server.ProcessId),
            "postgres" => ((await cluster!.CreateDatabaseAsync(name, CancellationToken.None)).Text, cluster.ProcessId),
            _ => ($"chdb:{Path.Combine(folder, name)}", 0),
        };
        string[] arguments = what == "ceiling" ? ["ceiling", address] : ["sink", Address(logs, what), address];
        await RunAsync(round, what, store, arguments, engine, what == "kafka" ? logs.BrokerPid : 0);
        // ClickHouse's files stay to the end: ext4 searches long for an inode where thousands were freed in the last minutes, and the next measurement
        // would pay for it. Detached, they are not merged any more.
        switch (store)
        {
            case "http":
                await server!.ExecuteAsync("default", $"DETACH DATABASE `{name}`", CancellationToken.None);
                break;
            case "postgres":
                await cluster!.DropDatabaseAsync(name, CancellationToken.None);
                break;
        }
    }

    private async Task RunAsync(int round, string what, string store, string[] arguments, int engine, int broker)
    {
        Show(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {options.Rounds}: {store} {what} …"));
        string[] numbers = [.. ((long[])[options.Events, engine, broker, options.BatchRows]).Select(number => number.ToString(CultureInfo.InvariantCulture))];
        ProcessStartInfo start = new(Environment.ProcessPath!, [SinkBenchProcess.Name, .. arguments, options.Topic, options.HasTextIndex.ToString(), .. numbers]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("the measuring process did not start");
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Measured? measured = process.ExitCode == 0 ? JsonSerializer.Deserialize<Measured>(output) : null;
        if (measured is null || measured.Stored < options.Events)
        {
            throw new InvalidOperationException($"{store} {what} ended with {process.ExitCode}, {measured?.Stored} of {options.Events} events stored: {output}");
        }

        (_measured.TryGetValue((what, store), out List<Measured>? list) ? list : _measured[(what, store)] = []).Add(measured);
        Show(string.Create(
            CultureInfo.InvariantCulture,
            $"round {round + 1} of {options.Rounds}: {store} {what}: {measured.Rate / 1000:0} k/s, {measured.OwnCpu:0.0} s own, {measured.EngineCpu:0.0} s engine, peak {measured.PeakRss >> 20} MB, load {Load()}\n"));
    }

    private static string Address(BenchLogs logs, string log) => log == "kafka" ? logs.Kafka! : logs.Local;

    private void Show(string text)
    {
        // A terminal sees one line change; a file gets what is finished.
        if (!Console.IsErrorRedirected)
        {
            progress.Write("\r\u001b[K" + text);
        }
        else if (text.EndsWith('\n'))
        {
            progress.Write(text);
        }
    }

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
