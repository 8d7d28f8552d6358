using System.Globalization;

namespace ECapture.Benchmarks.Query;

/// <summary>What is measured.</summary>
internal sealed record QueryBenchOptions(
    string Step, string? Directory, IReadOnlyList<string> Stores, long Packets, long Events, int Days, int FrameBytes, int Rounds, bool IsJson)
{
    public const string Usage =
        """
        usage: bench query [load|measure] [--directory DIR] [--store http|chdb|postgres]… [--packets N] [--events N] [--days N] [--frame BYTES] [--rounds N] [--json]
          load         only fill the stores under --directory (fills up what is not there yet: days can be added); measure: only measure what is there
          --directory  where the stores are kept (default: a temporary folder that goes at the end)
          --store      only this store; again for another (default: all three; http and chdb share their data)
          --packets    packets of a day, 1000 bytes each on average (default 10000000)
          --events     other events of a day (default 1000000)
          --days       days in the store; what is searched is in the last one (default 1; 10: ten times the rows)
          --frame      bytes kept of the frames of all days but the last (default 96: the rows count, not their bytes)
          --rounds     of the rebuild of an hour, by turns with editcap (default 5)
          --json       print every measurement as JSON instead of the tables
        """;

    private static readonly string[] s_stores = ["http", "chdb", "postgres"];

    /// <returns>Null when they are wrong.</returns>
    public static QueryBenchOptions? Parse(string[] arguments)
    {
        QueryBenchOptions options = new("", null, [], 10_000_000, 1_000_000, 1, 96, 5, false);
        if (arguments is ["load" or "measure", .. string[] rest])
        {
            options = options with { Step = arguments[0] };
            arguments = rest;
        }

        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--json")
            {
                options = options with { IsJson = true };
                continue;
            }

            string name = arguments[i];
            string value = ++i < arguments.Length ? arguments[i] : "";
            bool isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0;
            QueryBenchOptions? next = (name, isNumber) switch
            {
                ("--directory", _) when value.Length > 0 => options with { Directory = Path.GetFullPath(value) },
                ("--store", _) when s_stores.Contains(value) => options with { Stores = [.. options.Stores, value] },
                ("--packets", true) when number >= 10_000 => options with { Packets = number },
                ("--events", true) => options with { Events = number },
                ("--days", true) when number <= 1000 => options with { Days = (int)number },
                ("--frame", true) when number <= 1514 => options with { FrameBytes = (int)number },
                ("--rounds", true) when number < 100 => options with { Rounds = (int)number },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return options.Step.Length > 0 && options.Directory is null ? null
            : options with { Stores = options.Stores.Count > 0 ? options.Stores : s_stores };
    }
}
