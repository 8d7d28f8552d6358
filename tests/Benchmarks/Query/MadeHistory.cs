using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ECapture.Storage;

namespace ECapture.Benchmarks.Query;

/// <summary>What a store was filled with; kept beside it as a file.</summary>
internal sealed record MadeHistory(long Packets, long Events, int Days, ulong Connection)
{
    /// <summary>The day that is searched; further days are those before it.</summary>
    private static readonly DateOnly s_last = new(2026, 11, 19);

    public static string Hour => "from=2026-11-19T14:00:00Z&to=2026-11-19T15:00:00Z";

    public static string Minute => "from=2026-11-19T14:30:00Z&to=2026-11-19T14:31:00Z";

    public static string Day => "from=2026-11-19T00:00:00Z&to=2026-11-20T00:00:00Z";

    /// <summary>The id of the connection that is looked up.</summary>
    public string ConnectionId => Connection.ToString("x16", CultureInfo.InvariantCulture);

    public static MadeHistory? Find(string file) => File.Exists(file) ? JsonSerializer.Deserialize<MadeHistory>(File.ReadAllBytes(file)) : null;

    /// <summary>Fills a store with the days that are not in it yet.</summary>
    public static async Task FillAsync(Store store, string file, QueryBenchOptions options, CancellationToken cancellationToken)
    {
        MadeHistory history = Find(file) ?? new MadeHistory(options.Packets, options.Events, 0, 0);
        while (history.Days < options.Days)
        {
            Stopwatch watch = Stopwatch.StartNew();
            HistoryWriter writer = new(store);
            ulong connection = history.Connection;
            MadeDay day = new(s_last.AddDays(-history.Days), history.Packets, history.Events, history.Days == 0 ? int.MaxValue : options.FrameBytes);
            await day.WriteAsync(writer, noted => connection = connection == 0 ? noted : connection, cancellationToken);
            history = history with { Days = history.Days + 1, Connection = connection };
            await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(history), cancellationToken);
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{store.Address.Kind}: day {history.Days} of {options.Days}, {writer.Rows} rows in {watch.Elapsed.TotalSeconds:0} s"));
        }
    }
}
