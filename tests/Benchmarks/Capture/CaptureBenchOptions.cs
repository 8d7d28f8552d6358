using System.Globalization;

namespace ECapture.Benchmarks.Capture;

/// <summary>What <c>bench capture</c> was asked for.</summary>
internal sealed record CaptureBenchOptions(string Ecapture, int Rounds, int Seconds, IReadOnlyList<string> Only, bool IsJson)
{
    public const string Usage = """
        usage: bench capture --ecapture PROGRAM [--rounds N] [--seconds N] [--only nginx|postgres|mariadb]… [--json]
          --ecapture PROGRAM  the published program
          --rounds N          rounds; every mode has its turn in each (default 3)
          --seconds N         of each measurement (default 5)
          --only NAME         one of the workloads; may be repeated (default all)
        """;

    private static readonly string[] s_workloads = ["nginx", "postgres", "mariadb"];

    /// <returns>Null: wrong arguments.</returns>
    public static CaptureBenchOptions? Parse(string[] arguments)
    {
        CaptureBenchOptions options = new("", 3, 5, [], false);
        for (int i = 0; i < arguments.Length; i++)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--json":
                    options = options with { IsJson = true };
                    continue;
                case "--ecapture" when File.Exists(value):
                    options = options with { Ecapture = Path.GetFullPath(value) };
                    break;
                case "--rounds" when Number(value, out int rounds):
                    options = options with { Rounds = rounds };
                    break;
                case "--seconds" when Number(value, out int seconds):
                    options = options with { Seconds = seconds };
                    break;
                case "--only" when value is not null && s_workloads.Contains(value):
                    options = options with { Only = [.. options.Only, value] };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options.Ecapture.Length == 0 ? null : options with { Only = options.Only.Count > 0 ? options.Only : s_workloads };
    }

    private static bool Number(string? text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= 3600;
}
