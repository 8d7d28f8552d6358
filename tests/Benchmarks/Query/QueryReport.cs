using System.Globalization;
using System.Text.Json;

namespace ECapture.Benchmarks.Query;

/// <summary>Prints what was measured, as Markdown or JSON.</summary>
internal static class QueryReport
{
    public static void Print(IReadOnlyList<QueryMeasured> measured, bool isJson)
    {
        if (isJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(measured.Select(m => new
            {
                m.Store,
                m.Days,
                m.Rows,
                m.Hour,
                m.Peer,
                Lookups = m.Lookups.Select(l => new { l.What, l.Runs }),
            })));
            return;
        }

        string[] what = measured[0].Hour[0].Contents.Split(' ');
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"An hour: {measured[0].Hour[0].Bytes / 1e6:0} MB, {what[1]} packets in {what[0]} sessions with {what[2]} keys; {measured[0].Hour.Count} rounds by turns, medians; files on /dev/shm.\n"));
        Console.WriteLine("| store | events in it | MB/s | `editcap --inject-secrets` MB/s | ratio (worst, best round) | first packet, ms | CPU s per GB | editcap | peak memory, MB | before the first file, MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (QueryMeasured m in measured)
        {
            double[] ratios = [.. m.Hour.Zip(m.Peer, (r, p) => r.Speed / p.Speed).Order()];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {Title(m.Store)} | {m.Rows / 1e6:0.0} M | {Median(m.Hour.Select(r => r.Speed)):0} | {Median(m.Peer.Select(r => r.Speed)):0} | **{Median(ratios):0.00}** ({ratios[0]:0.00}, {ratios[^1]:0.00}) | {Median(m.Hour.Select(r => r.FirstPacket * 1000)):0} | {Median(m.Hour.Select(r => r.CpuPerGigabyte)):0.00} | {Median(m.Peer.Select(r => r.CpuPerGigabyte)):0.00} | {m.Hour.Max(r => r.Peak) / 1e6:0} | {m.Hour[0].Idle / 1e6:0} |"));
        }

        Console.WriteLine($"\n| request, ms (worst) | {string.Join(" | ", measured.Select(m => Title(m.Store)))} | found |");
        Console.WriteLine($"|---|{string.Concat(measured.Select(_ => "---|"))}---|");
        for (int i = 0; i < measured[0].Lookups.Count; i++)
        {
            string cells = string.Join(" | ", measured.Select(m => Cell(m.Lookups[i].Runs)));
            Console.WriteLine($"| {measured[0].Lookups[i].What} | {cells} | {measured[0].Lookups[i].Runs[0].Contents} |");
        }
    }

    private static string Cell(IReadOnlyList<Run> runs)
    {
        string first = runs[0].FirstPacket > 0
            ? string.Create(CultureInfo.InvariantCulture, $", first packet {Median(runs.Select(r => r.FirstPacket * 1000)):0}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Median(runs.Select(r => r.Seconds * 1000)):0} ({runs.Max(r => r.Seconds * 1000):0}){first}");
    }

    private static string Title(string store) => store switch
    {
        "http" => "ClickHouse over HTTP (its cost not included)",
        "chdb" => "ClickHouse in process (its cost included)",
        _ => "PostgreSQL (its cost not included)",
    };

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
