using System.Globalization;
using ECapture.Events;

namespace ECapture.Benchmarks.Sink;

/// <summary>What is measured.</summary>
internal sealed record SinkBenchOptions(long Events, int Rounds, bool IsJson, IReadOnlyList<string> Stores, IReadOnlyList<string> Logs, string? Kept, int BatchRows, bool IsSql, bool HasTextIndex)
{
    public const string Usage =
        """
        usage: bench sink [EVENTS] [--rounds N] [--store http|chdb|postgres]… [--log local|kafka]… [--kept DIR] [--batch-rows N] [--sql [--no-text-index]] [--json]
          EVENTS     events of 300 bytes of payload in each run (default 10000000, at least 100000)
          --rounds   every round runs each measurement once, in turns; medians are printed (default 3)
          --store    only this store; again for another (default: all three)
          --log      only this log (default: both; Kafka is a real broker started for the run)
          --kept     make the local log in this folder and leave it there, or use the one that an earlier run left: a long measurement in pieces
          --batch-rows  rows of the sink's batches (default 100000): what is allocated per batch shows against what is per event
          --sql      the events are SQL statements, which have an index for full text; else packets
          --no-text-index  without that index: what it costs
          --json     print every measurement as JSON instead of the tables
        """;

    /// <summary>Whose events are written.</summary>
    public string Topic => IsSql ? Topics.Postgres : Topics.Packet;

    private static readonly string[] AllStores = ["chdb", "http", "postgres"];
    private static readonly string[] AllLogs = ["local", "kafka"];

    /// <returns>Null when they are wrong.</returns>
    public static SinkBenchOptions? Parse(string[] arguments)
    {
        long events = 10_000_000;
        int rounds = 3;
        bool isJson = false;
        List<string> stores = [];
        List<string> logs = [];
        string? kept = null;
        bool isSql = false;
        bool hasTextIndex = true;
        int batchRows = new ECapture.Sink.SinkOptions().BatchRows;
        for (int i = 0; i < arguments.Length; i++)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--json":
                    isJson = true;
                    continue;
                case "--sql":
                    isSql = true;
                    continue;
                case "--no-text-index":
                    hasTextIndex = false;
                    continue;
                case "--rounds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out rounds) && rounds is > 0 and < 100:
                    break;
                case "--store" when AllStores.Contains(value):
                    stores.Add(value);
                    break;
                case "--log" when AllLogs.Contains(value):
                    logs.Add(value);
                    break;
                case "--batch-rows" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out batchRows) && batchRows is >= 1000 and <= 1_000_000:
                    break;
                case "--kept" when value.Length > 0:
                    kept = Path.GetFullPath(value);
                    break;
                case string text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out events) && events >= 100_000:
                    continue;
                default:
                    return null;
            }

            i++;
        }

        return !hasTextIndex && !isSql ? null : new SinkBenchOptions(events, rounds, isJson, stores.Count > 0 ? stores : AllStores, logs.Count > 0 ? logs : AllLogs, kept, batchRows, isSql, hasTextIndex);
    }
}
