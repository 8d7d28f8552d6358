using System.Diagnostics;
using System.Globalization;
using ECapture.Tests.Chaos.Checking;

namespace ECapture.Tests.Chaos;

/// <summary>Runs rounds and says what came of them.</summary>
internal static class Rounds
{
    /// <returns>The exit code: 1 when a round failed.</returns>
    public static async Task<int> RunAsync(ChaosOptions options, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        List<string> verdicts = [];
        for (int i = 0; i < options.Rounds; i++)
        {
            Round round = new(options.Seed + i, options, Path.Combine(Enclosure.Folder, $"round-{i + 1}"), Tell);
            Tell($"round {i + 1} of {options.Rounds}, seed {options.Seed + i}: {round.Shape}");
            bool isGood;
            try
            {
                isGood = await round.RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return 130;
            }

            verdicts.Add($"round {i + 1}, seed {options.Seed + i}: {round.Verdict}");
            Tell(verdicts[^1]);
            if (!isGood)
            {
                Tell($"FAILED; again: make chaos SEED={options.Seed + i} ROUNDS=1; what the parts said: {round.Kept}");
                return 1;
            }
        }

        Tell(string.Create(CultureInfo.InvariantCulture,
            $"{options.Rounds} rounds from seed {options.Seed}: all events once, in {Stopwatch.GetElapsedTime(started).TotalMinutes:0.0} min"));
        verdicts.ForEach(verdict => Tell("  " + verdict));
        Tell($"what each table was asked, and the local logs' records compared with:\n-- ClickHouse\n{ClickHouseQuery.Question}\n-- PostgreSQL\n{PostgresQuery.Question}");
        return 0;
    }

    private static void Tell(string line)
    {
        lock (Console.Out)
        {
            Console.WriteLine(line);
        }
    }
}
