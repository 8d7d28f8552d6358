namespace ECapture.Tests.Chaos.Faults;

/// <summary>The faults of a round: the same for the same seed.</summary>
internal static class FaultPlan
{
    // Longer than a session and a lease (3 s): whoever sleeps so long wakes as a zombie.
    private const double Zombie = 6;

    private static readonly long[] s_steps = [3_600, -3_600, 86_400, -86_400, 40, -40, 3 * 86_400, 2];

    /// <summary>Faults at random moments of random targets; one at a time on each.</summary>
    public static IReadOnlyList<Fault> Random(int seed, IReadOnlyList<(string Target, FaultKind[] Kinds)> targets, double seconds)
    {
        Random random = new(seed);
        Dictionary<string, double> free = new(StringComparer.Ordinal);
        List<Fault> faults = [];
        int wanted = (int)seconds * 3 / 4 + random.Next((int)seconds / 2 + 1);
        for (int attempt = 0; attempt < 20 * wanted && faults.Count < wanted; attempt++)
        {
            (string target, FaultKind[] kinds) = targets[random.Next(targets.Count)];
            FaultKind kind = kinds[random.Next(kinds.Length)];
            double at = Math.Round(random.NextDouble() * seconds * 0.95, 1);
            double hold = Math.Round(HoldOf(kind, target, random), 1);
            long step = kind switch { FaultKind.ClockStep => s_steps[random.Next(s_steps.Length)], FaultKind.Rebuild => random.Next(6), _ => 0 };
            if (faults.All(fault => fault.Target != target || at > fault.At + fault.Hold + 2 || at + hold + 2 < fault.At))
            {
                faults.Add(new Fault(at, target, kind, hold, step));
            }
        }

        return [.. faults.OrderBy(fault => fault.At)];
    }

    /// <summary>The short round of the tests: one of everything, within a few seconds.</summary>
    public static IReadOnlyList<Fault> Directed { get; } =
    [
        new(0.3, "sink ch-1", FaultKind.Kill, 0.2),
        new(0.5, "clock a", FaultKind.ClockStep, 0, -86_400),
        new(0.8, "clickhouse", FaultKind.Kill, 0.2),
        new(1.0, "feeder b", FaultKind.Kill, 0.2),
        new(1.2, "disk log a", FaultKind.DiskFull, 0.8),
        new(1.5, "link pg-1 store", FaultKind.Cut, 0.7),
        new(1.8, "link a broker", FaultKind.Stall, 1.0),
        new(2.0, "postgres", FaultKind.Kill, 0.2),
        new(2.5, "sink ch-2", FaultKind.Kill, 0.1),
        new(2.8, "broker", FaultKind.Kill, 0.1),
        new(3.0, "link ch-1 store", FaultKind.Stall, 1.0),
        new(3.4, "sink pg-2", FaultKind.Leave, 0.1),
    ];

    private static double HoldOf(FaultKind kind, string target, Random random) => kind switch
    {
        FaultKind.Kill or FaultKind.Leave or FaultKind.Tear => random.NextDouble() * 2,
        FaultKind.Freeze => random.Next(2) == 0 ? Zombie : 1 + random.NextDouble(),
        FaultKind.Join or FaultKind.JoinAndKill => 2 + (random.NextDouble() * 6),
        FaultKind.Cut or FaultKind.Stall => random.Next(3) == 0 ? Zombie : random.NextDouble() * 3,
        FaultKind.Isolate => Zombie,
        FaultKind.Rebuild => 5,
        FaultKind.Slow => 1 + (random.NextDouble() * 4),
        // The agent tries an append again for 5 s; after that it counts what it loses, and declares it.
        FaultKind.DiskFull when target.StartsWith("disk log", StringComparison.Ordinal) && random.Next(2) == 0 => 6 + (random.NextDouble() * 2),
        FaultKind.DiskFull => 0.5 + (random.NextDouble() * 4),
        _ => 0,
    };
}
