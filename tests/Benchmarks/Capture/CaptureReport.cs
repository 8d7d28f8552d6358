using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ECapture.Benchmarks.Capture;

/// <summary>The result as a table or JSON: medians, and ratios to the same round's measurement without probes.</summary>
internal sealed class CaptureReport(
    CaptureBenchOptions options, IReadOnlyList<(string Name, string Unit, IReadOnlyList<string> Modes)> workloads,
    Dictionary<(string Workload, string Mode), List<CaptureMeasured>> measured, string loadBefore, string loadAfter)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string ToText()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{options.Rounds} rounds of {options.Seconds} s in turns; medians; load {loadBefore} before, {loadAfter} after.");
        foreach ((string name, string unit, IReadOnlyList<string> modes) in workloads)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"| {name} | {unit}/s | of no probes (worst, best round) | captured / offered | lost | agent CPU s per 1 M {unit} | agent memory MB |");
            text.AppendLine("|---|---|---|---|---|---|---|");
            foreach (string mode in modes)
            {
                Row row = RowOf(name, mode, modes[0]);
                string captured = row.Captured is { } share ? share.ToString("0.0000", CultureInfo.InvariantCulture) : "–";
                text.AppendLine(CultureInfo.InvariantCulture, $"| {mode} | {row.Rate:0} | {row.Ratio:0.00} ({row.Worst:0.00}, {row.Best:0.00}) | {captured} | {row.Lost} | {row.CpuPerMillion:0.0} | {row.MemoryMb} |");
            }
        }

        return text.ToString();
    }

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            options.Rounds,
            options.Seconds,
            loadBefore,
            loadAfter,
            workloads = workloads.Select(w => new { w.Name, w.Unit, modes = w.Modes.Select(m => RowOf(w.Name, m, w.Modes[0])), rounds = w.Modes.ToDictionary(m => m, m => measured[(w.Name, m)]) }),
        },
        s_json);

    private Row RowOf(string workload, string mode, string nothing)
    {
        List<CaptureMeasured> rounds = measured[(workload, mode)];
        double[] ratios = [.. rounds.Zip(measured[(workload, nothing)], (m, none) => m.Rate / none.Rate)];
        double? captured = rounds.TrueForAll(r => r.Captured >= 0) ? rounds.Sum(r => (double)r.Captured) / rounds.Sum(r => r.Offered) : null;
        return new Row(
            mode, Median(rounds.Select(r => r.Rate)), Median(ratios), ratios.Min(), ratios.Max(), captured, rounds.Sum(r => r.Lost),
            Median(rounds.Select(r => r.CpuPerMillion)), rounds.Max(r => r.AgentRss) >> 20);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Row(
        string Mode, double Rate, double Ratio, double Worst, double Best, double? Captured, long Lost, double CpuPerMillion, long MemoryMb);
}
