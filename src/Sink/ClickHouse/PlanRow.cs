using ECapture.Sink.Delivery;

namespace ECapture.Sink.ClickHouse;

/// <summary>A row of <c>sink_plan</c>: a plan, or its takeover by another sink.</summary>
/// <param name="From">First offset.</param>
/// <param name="To">Offset behind the last one.</param>
/// <param name="Turn">0 for the plan itself, counting up with every takeover.</param>
/// <param name="Writer">The sink that wrote the row.</param>
/// <param name="Positions">The stream positions at <paramref name="From"/>.</param>
public sealed record PlanRow(long From, long To, int Turn, Guid Writer, IReadOnlyList<StreamPosition> Positions)
{
    /// <summary>Turns of one plan.</summary>
    public const long TurnsPerPlan = 1 << 20;

    /// <summary>Orders the rows of a partition: the highest is the last. Offsets below 2^43 fit.</summary>
    public long Version => (From * TurnsPerPlan) + Turn;
}
