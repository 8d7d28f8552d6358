using System.Globalization;

namespace ECapture.Tests.Chaos;

/// <summary>What the program is asked to do.</summary>
/// <param name="Seed">Of the first round; each further one has the next.</param>
/// <param name="Rounds">How many.</param>
/// <param name="Seconds">How long faults happen in a round.</param>
/// <param name="Rate">Events per second of an agent.</param>
/// <param name="IsReal">Beside the numbered events an `ecapture capture` with its probes, under real load.</param>
/// <param name="IsDirected">The faults of the tests' short round, not random ones.</param>
/// <param name="Keep">Where the output of the parts of a failed round goes.</param>
internal sealed record ChaosOptions(int Seed, int Rounds, int Seconds, int Rate, bool IsReal, bool IsDirected, string Keep)
{
    public const string Usage = """
        usage: Chaos run [--seed N] [--rounds M] [--seconds S] [--rate R] [--ebpf] [--directed] [--keep DIR]
          Kills, freezes, cuts off and fills up the parts of real pipelines; then the stores must hold what was produced, each event once.
          Round i of a run has seed N + i - 1: `--seed 7 --rounds 1` is the seventh round of `--seed 1 --rounds 20`.
          --ebpf: a third agent is `ecapture capture` with its probes, and nginx, curl and shells are its load.
          Defaults: 1 round, seed 1, 40 s of faults, 1500 events/s of an agent, output of failed rounds in out/chaos. Needs root (small disks are mounted).
        """;

    /// <exception cref="FormatException">An option is unknown or its value is no number.</exception>
    public static ChaosOptions Parse(ReadOnlySpan<string> arguments)
    {
        ChaosOptions options = new(1, 1, 40, 1500, false, false, Path.Combine("out", "chaos"));
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--directed")
            {
                options = options with { IsDirected = true };
                continue;
            }

            if (name == "--ebpf")
            {
                options = options with { IsReal = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value");
            options = name switch
            {
                "--seed" => options with { Seed = Number(name, value) },
                "--rounds" => options with { Rounds = Number(name, value) },
                "--seconds" => options with { Seconds = Number(name, value) },
                "--rate" => options with { Rate = Number(name, value) },
                "--keep" => options with { Keep = value },
                _ => throw new FormatException($"there is no option {name}"),
            };
        }

        return options;
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new FormatException($"{name} is a number above 0, not '{value}'");
}
