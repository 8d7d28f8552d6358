using System.Diagnostics;

namespace ECapture.Fuzz;

/// <summary>Runs a target with the seeds from a first one on: seed and target alone repeat any input.</summary>
public static class Fuzzer
{
    /// <summary>An input that takes longer counts as a hang.</summary>
    public const double LimitMs = 5_000;

    /// <summary>An input that allocates more counts as unbounded: the parsers may decode some MiB of a body several times.</summary>
    public const long LimitAllocated = 512L * 1024 * 1024;

    public static FuzzResult Run(IFuzzTarget target, long firstSeed, long count)
    {
        long bytes = 0;
        long kept = 0;
        double slowest = 0;
        for (long i = 0; i < count; i++)
        {
            long seed = firstSeed + i;
            string repeat = $"{target.Name}: repeat with --target {target.Name} --seed {seed} --count 1";
            long started = Stopwatch.GetTimestamp();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                (long fed, long most) = target.Run(new Random(unchecked((int)(seed * 2654435761L))));
                bytes += fed;
                kept = Math.Max(kept, most);
            }
#pragma warning disable CA1031 // any exception is the finding
            catch (Exception e)
#pragma warning restore CA1031
            {
                return new FuzzResult(i + 1, bytes, slowest, kept, $"{repeat}: {e}");
            }

            double ms = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            slowest = Math.Max(slowest, ms);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (ms > LimitMs || allocated > LimitAllocated)
            {
                return new FuzzResult(i + 1, bytes, slowest, kept, $"{repeat}: took {ms:F0} ms and allocated {allocated >> 20} MiB");
            }
        }

        return new FuzzResult(count, bytes, slowest, kept, null);
    }
}
