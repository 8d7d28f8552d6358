using System.Globalization;

namespace ECapture.Tests.Chaos.Faults;

/// <summary>A fault of a round.</summary>
/// <param name="At">Seconds after the start of the faults.</param>
/// <param name="Target">The part, disk or link.</param>
/// <param name="Kind">What is done to it.</param>
/// <param name="Hold">Seconds until it is undone.</param>
/// <param name="Step">Of a clock step: seconds. Of a rebuild: which of the tables.</param>
internal sealed record Fault(double At, string Target, FaultKind Kind, double Hold, long Step = 0)
{
    public override string ToString() => Kind switch
    {
        FaultKind.ClockStep => string.Create(CultureInfo.InvariantCulture, $"{Target}: clock stepped by {Step:+0;-0} s"),
        FaultKind.Kill => string.Create(CultureInfo.InvariantCulture, $"{Target}: kill -9, back after {Hold:0.0} s"),
        FaultKind.Tear => string.Create(CultureInfo.InvariantCulture, $"{Target}: killed between a token and its part, back after {Hold:0.0} s"),
        FaultKind.Rebuild => $"{Target}: a table is made anew, its sinks are killed meanwhile",
        FaultKind.Leave => string.Create(CultureInfo.InvariantCulture, $"{Target}: leaves, back after {Hold:0.0} s"),
        FaultKind.Join => string.Create(CultureInfo.InvariantCulture, $"{Target}: joins for {Hold:0.0} s"),
        FaultKind.JoinAndKill => string.Create(CultureInfo.InvariantCulture, $"{Target}: joins, kill -9 after {Hold:0.0} s"),
        FaultKind.Freeze => string.Create(CultureInfo.InvariantCulture, $"{Target}: frozen for {Hold:0.0} s"),
        FaultKind.Isolate => string.Create(CultureInfo.InvariantCulture, $"{Target}: isolated for {Hold:0.0} s"),
        FaultKind.DiskFull => string.Create(CultureInfo.InvariantCulture, $"{Target}: disk full for {Hold:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Target}: {Kind.ToString().ToLowerInvariant()} for {Hold:0.0} s"),
    };
}
