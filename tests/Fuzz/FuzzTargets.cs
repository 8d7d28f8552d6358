namespace ECapture.Fuzz;

/// <summary>Everything that reads hostile bytes and is fuzzed.</summary>
public static class FuzzTargets
{
    public static IReadOnlyList<IFuzzTarget> All { get; } =
    [
        new HttpMutationTarget(), new HttpGapTarget(), new HttpCutTarget(), new HpackTarget(), new NoiseTarget(), new ClientHelloTarget(), new PostgresTarget(), new SqlTarget(), new RedactorTarget(),
    ];
}
