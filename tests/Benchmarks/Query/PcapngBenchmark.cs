using System.Diagnostics;
using System.Globalization;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Storage;
using ECapture.Tests.Support.ClickHouse;
using ECapture.Tests.Support.Postgres;
using ECapture.Tests.Support.Querying;
using Process = System.Diagnostics.Process;

namespace ECapture.Benchmarks.Query;

/// <summary>
/// Rebuilding a pcapng file from a store against <c>editcap --inject-secrets</c> on the same packets and keys, taken by turns, both into
/// memory (/dev/shm).
/// </summary>
internal static class PcapngBenchmark
{
    private const int Rounds = 5;

    public static async Task<int> RunAsync(string[] args)
    {
        long megabytes = args is [] ? 300 : long.Parse(args[0], CultureInfo.InvariantCulture);
        if (!File.Exists("/usr/bin/editcap"))
        {
            await Console.Error.WriteLineAsync("editcap is missing; run `make setup` or: apt-get install tshark");
            return 1;
        }

        string folder = Directory.CreateDirectory($"/dev/shm/ecapture-bench-{Guid.NewGuid():N}").FullName;
        try
        {
            await RunAsync(folder, megabytes);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(string folder, long megabytes)
    {
        using var cancel = new CancellationTokenSource();
        string output = Path.Combine(folder, "rebuilt.pcapng");
        var rows = new List<(string Name, List<Run> Runs, List<Run> Peer)>();
        await using ClickHouseServer clickHouse = await ClickHouseServer.StartAsync(cancel.Token);
        StoreAddress address = await clickHouse.CreateDatabaseAsync(StoreAddress.DefaultDatabase, cancel.Token);
        await LoadAsync(address, megabytes, cancel.Token);
        string packets = Path.Combine(folder, "packets.pcapng");
        string keys = Path.Combine(folder, "keys.txt");
        await using (Worker worker = await Worker.StartAsync(address.Text, packets))
        {
            await worker.RunAsync("no-keys");
        }

        await using (Worker worker = await Worker.StartAsync(address.Text, output))
        {
            await worker.RunAsync("");
            await WriteKeysAsync(output, keys);
            rows.Add(await MeasureAsync("ClickHouse over HTTP (its cost not included)", worker, folder));
        }

        string engine = Path.Combine(Path.GetDirectoryName(clickHouse.PasswordFile)!, "data");
        await clickHouse.KillAsync();
        await using (Worker worker = await Worker.StartAsync("chdb:" + engine, output))
        {
            rows.Add(await MeasureAsync("ClickHouse in process (its cost included)", worker, folder));
        }

        await using PostgresCluster postgres = await PostgresCluster.StartAsync(cancel.Token);
        StoreAddress database = await postgres.CreateDatabaseAsync(StoreAddress.DefaultDatabase, cancel.Token);
        await LoadAsync(database, megabytes, cancel.Token);
        await using (Worker worker = await Worker.StartAsync(database.Text, output))
        {
            rows.Add(await MeasureAsync("PostgreSQL (its cost not included)", worker, folder));
        }

        Print(rows);
    }

    private static async Task LoadAsync(StoreAddress address, long megabytes, CancellationToken cancellationToken)
    {
        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Writer, cancellationToken);
        foreach (List<Event> part in new MadePackets(megabytes * 1_000_000).Parts())
        {
            await StoreLoader.LoadAsync(store, part, cancellationToken);
        }
    }

    private static async Task<(string, List<Run>, List<Run>)> MeasureAsync(string name, Worker worker, string folder)
    {
        var runs = new List<Run>();
        var peer = new List<Run>();
        await worker.RunAsync(""); // compiled code, warm caches
        for (int i = 0; i < Rounds; i++)
        {
            peer.Add(await EditcapAsync(folder));
            runs.Add(await worker.RunAsync(""));
        }

        await Console.Error.WriteLineAsync($"{name}: {string.Join(", ", runs.Select(r => r.Seconds.ToString("0.000", CultureInfo.InvariantCulture)))} s");
        return (name, runs, peer);
    }

    private static async Task<Run> EditcapAsync(string folder)
    {
        string output = Path.Combine(folder, "editcap.pcapng");
        File.Delete(output);
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start(
            "editcap", ["--inject-secrets", "tls," + Path.Combine(folder, "keys.txt"), Path.Combine(folder, "packets.pcapng"), output]);
        long peak = 0;
        double cpu = 0;
        while (!process.HasExited)
        {
            peak = Math.Max(peak, ProcessCost.Peak(process.Id));
            cpu = Math.Max(cpu, ProcessCost.CpuSeconds(process.Id));
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(5));
        }

        var run = new Run(watch.Elapsed.TotalSeconds, cpu, new FileInfo(output).Length, peak, 0, "");
        File.Delete(output);
        return process.ExitCode == 0 ? run : throw new InvalidOperationException($"editcap ended with {process.ExitCode}");
    }

    private static async Task WriteKeysAsync(string file, string keys)
    {
        await using FileStream stream = File.OpenRead(file);
        await using FileStream target = File.Create(keys);
        var reader = new PcapngReader(stream);
        while (reader.Read() is { } block and not PacketBlock)
        {
            if (block is DecryptionSecretsBlock secrets)
            {
                await target.WriteAsync(secrets.Data);
            }
        }
    }

    private static void Print(List<(string Name, List<Run> Runs, List<Run> Peer)> rows)
    {
        Run first = rows[0].Runs[0];
        string[] what = first.Contents.Split(' ');
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{first.Bytes / 1e6:0} MB of {what[1]} packets in {what[0]} sessions with {what[2]} keys; {Rounds} rounds by turns, medians.\n"));
        Console.WriteLine("| rebuilt from | MB/s | editcap MB/s | ratio (worst, best round) | CPU s per GB | editcap | peak memory, MB | before the first file, MB | editcap, MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach ((string name, List<Run> runs, List<Run> peer) in rows)
        {
            double[] ratios = [.. runs.Zip(peer, (r, p) => r.Speed / p.Speed).Order()];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Median(runs.Select(r => r.Speed)):0} | {Median(peer.Select(r => r.Speed)):0} | **{Median(ratios):0.00}** ({ratios[0]:0.00}, {ratios[^1]:0.00}) | {Median(runs.Select(r => r.CpuPerGigabyte)):0.00} | {Median(peer.Select(r => r.CpuPerGigabyte)):0.00} | {runs.Max(r => r.Peak) / 1e6:0} | {runs[0].Idle / 1e6:0} | {peer.Max(r => r.Peak) / 1e6:0} |"));
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
