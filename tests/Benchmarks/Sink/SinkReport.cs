using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ECapture.Benchmarks.Sink;

/// <summary>The medians of all rounds as tables, or every measurement as JSON.</summary>
internal sealed class SinkReport(
    SinkBenchOptions options, IReadOnlyDictionary<(string What, string Store), List<Measured>> measured, double bytes, string loadBefore, string loadAfter)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            events = options.Events,
            encodedBytes = bytes,
            rounds = options.Rounds,
            loadBefore,
            loadAfter,
            measurements = measured.Select(pair => new { what = pair.Key.What, store = pair.Key.Store, runs = pair.Value }),
        },
        Indented);

    public string ToText()
    {
        StringBuilder text = new();
        Line(text, $"{options.Events} {options.Topic} events{(options.HasTextIndex ? "" : ", no text index")}, 300 bytes of payload, {bytes:0} encoded; the first {SinkBenchProcess.WarmUp(options.Events)} of a run warm up and are not measured; medians of {options.Rounds} rounds in turns; {Environment.ProcessorCount} cores, load {loadBefore} before, {loadAfter} after\n");
        Line(text, $"| store | from | durable events/s | ceiling/s | sink / ceiling | per CPU-s of the sink | per CPU-s, engine included | ceiling | allocated per event beyond Consume, B | the same per batch, KB (rows of a batch) | peak memory, MB | CPU-s of broker |");
        Line(text, $"|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (string store in options.Stores)
        {
            List<Measured> ceiling = measured[("ceiling", store)];
            foreach (string log in options.Logs)
            {
                List<Measured> sink = measured[(log, store)];
                List<Measured> consume = measured[("consume " + log, "")];
                double rate = Median(sink, m => m.Rate);
                // The ratio of each round, not of the medians: what the machine did meanwhile hits both sides of a round.
                double ratio = Median(sink.Zip(ceiling), pair => pair.First.Rate / pair.Second.Rate);
                double beyond = Median(sink, m => m.AllocatedPerEvent) - Median(consume, m => m.AllocatedPerEvent);
                double rows = Median(sink, m => (double)m.Events / Math.Max(1, m.Batches));
                string own = store == "chdb" ? "-" : Thousands(Median(sink, m => m.PerOwnCpu));
                Line(text, $"| {Name(store)} | {log} | {Thousands(rate)} | {Thousands(Median(ceiling, m => m.Rate))} | **{ratio:0.00}** | {own} | {Thousands(Median(sink, m => m.PerCpu))} | {Thousands(Median(ceiling, m => m.PerCpu))} | {beyond:0.00} | {beyond * rows / 1024:0} ({rows:0}) | {Median(sink, m => m.PeakRss) / (1 << 20):0} | {Median(sink, m => m.BrokerCpu):0.0} |");
            }
        }

        text.AppendLine();
        Line(text, $"| bare Consume | events/s | per CPU-s | allocated per event, B | peak memory, MB |");
        Line(text, $"|---|---|---|---|---|");
        foreach (string log in options.Logs)
        {
            List<Measured> consume = measured[("consume " + log, "")];
            Line(text, $"| {log} | {Thousands(Median(consume, m => m.Rate))} | {Thousands(Median(consume, m => m.PerOwnCpu))} | {Median(consume, m => m.AllocatedPerEvent):0.00} | {Median(consume, m => m.PeakRss) / (1 << 20):0} |");
        }

        text.Append("\nCPU-s of the sink: user and system seconds of its process (/proc/PID/stat); ClickHouse over HTTP and PostgreSQL are other processes, whose seconds are added where the engine is included. In process they cannot be told apart. Ceiling: the same rows, made before, as blocks or COPY data of 100,000 rows into the same table.");
        return text.ToString();
    }

    private static string Name(string store) => store switch
    {
        "chdb" => "ClickHouse in process",
        "http" => "ClickHouse over HTTP",
        _ => "PostgreSQL",
    };

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Thousands(double value) => string.Create(CultureInfo.InvariantCulture, $"{value / 1000:0} k");

    private static double Median<T>(IEnumerable<T> runs, Func<T, double> what)
    {
        double[] sorted = [.. runs.Select(what).Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
