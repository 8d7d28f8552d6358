using System.Diagnostics;
using System.Globalization;

namespace ECapture.Fuzz;

/// <summary>The command line: <c>ECapture.Fuzz [--seed N] [--count N] [--target NAME]</c>. Exit code 1 when an input broke a promise, 2 for bad usage.</summary>
internal static class FuzzCommand
{
    public static int Run(string[] args)
    {
        long seed = 1;
        long count = 20_000;
        string? target = null;
        for (int i = 0; i + 1 < args.Length || i < args.Length; i += 2)
        {
            bool ok = i + 1 < args.Length && args[i] switch
            {
                "--seed" => long.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out seed),
                "--count" => long.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0,
                "--target" => FuzzTargets.All.Any(t => t.Name == (target = args[i + 1])),
                _ => false,
            };
            if (!ok)
            {
                Console.Error.WriteLine(
                    $"'{string.Join(' ', args[i..Math.Min(args.Length, i + 2)])}' is no option: use --seed N, --count N or --target {string.Join('|', FuzzTargets.All.Select(static t => t.Name))}");
                return 2;
            }
        }

        bool failed = false;
        foreach (IFuzzTarget each in FuzzTargets.All.Where(t => target is null || t.Name == target))
        {
            long started = Stopwatch.GetTimestamp();
            FuzzResult result = Fuzzer.Run(each, seed, count);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{each.Name}: {result.Inputs} inputs, {result.Bytes >> 10} KiB, {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s, slowest {result.SlowestMs:F0} ms, most kept {result.MostKept >> 10} KiB, {(result.Failure is null ? "0 failures" : "FAILED")}"));
            if (result.Failure is not null)
            {
                Console.Error.WriteLine(result.Failure);
                failed = true;
            }
        }

        return failed ? 1 : 0;
    }
}
