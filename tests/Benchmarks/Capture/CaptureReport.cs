using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ECapture.Benchmarks.Capture;

/// <summary>The result as a table or JSON: medians, and ratios to the same round's measurement without probes.</summary>
internal sealed class CaptureReport(
    CaptureBenchOptions options, IReadOnlyList<(string Name, string Unit, IReadOnlyList<CaptureMode> Modes)> workloads,
    Dictionary<(string Workload, string Mode), List<CaptureMeasured>> measured, string loadBefore, string loadAfter)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string ToText()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{options.Rounds} rounds of {options.Seconds} s in turns; medians; load {loadBefore} before, {loadAfter} after.");
        foreach ((string name, string unit, IReadOnlyList<CaptureMode> modes) in workloads)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"| {name} | {unit}/s | of no probes (worst, best round) | captured / offered | lost | agent CPU s per 1 M {unit} | agent memory MB: idle, loaded | rings in the kernel MB |");
            text.AppendLine("|---|---|---|---|---|---|---|---|");
            foreach (CaptureMode mode in modes)
            {
                Row row = RowOf(name, mode, modes[0]);
                string captured = row.Captured is { } share ? share.ToString("0.0000", CultureInfo.InvariantCulture) : "–";
                string ratio = row.Ratio is { } of ? string.Create(CultureInfo.InvariantCulture, $"{of:0.00} ({row.Worst:0.00}, {row.Best:0.00})") : "–";
                text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Mode} | {row.Rate:0} | {ratio} | {captured} | {row.Lost} | {row.CpuPerMillion:0.0} | {row.IdleMb}, {row.LoadedMb} | {row.RingsMb} |");
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
            workloads = workloads.Select(w => new { w.Name, w.Unit, modes = w.Modes.Select(m => RowOf(w.Name, m, w.Modes[0])), rounds = w.Modes.ToDictionary(m => m.Name, m => measured[(w.Name, m.Name)]) }),
        },
        s_json);

    private Row RowOf(string workload, CaptureMode mode, CaptureMode nothing)
    {
        List<CaptureMeasured> rounds = measured[(workload, mode.Name)];
        // A client that keeps to a rate says nothing of what is possible.
        double[] ratios = mode.PerSecond > 0 ? [] : [.. rounds.Zip(measured[(workload, nothing.Name)], (m, none) => m.Rate / none.Rate)];
        double? captured = rounds.TrueForAll(r => r.Captured >= 0) ? rounds.Sum(r => (double)r.Captured) / rounds.Sum(r => r.Offered) : null;
        return new Row(
            mode.Name, Median(rounds.Select(r => r.Rate)), ratios.Length == 0 ? null : Median(ratios), ratios.Length == 0 ? null : ratios.Min(), ratios.Length == 0 ? null : ratios.Max(),
            captured, rounds.Sum(r => r.Lost), Median(rounds.Select(r => r.CpuPerMillion)), rounds.Max(r => r.IdleRss) >> 20, rounds.Max(r => r.LoadedRss) >> 20, rounds.Max(r => r.Rings) >> 20);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Row(
        string Mode, double Rate, double? Ratio, double? Worst, double? Best, double? Captured, long Lost, double CpuPerMillion, long IdleMb, long LoadedMb, long RingsMb);
}
