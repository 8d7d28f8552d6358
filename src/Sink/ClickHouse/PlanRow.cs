using ECapture.Sink.Delivery;

namespace ECapture.Sink.ClickHouse;

/// <summary>A row of <c>sink_plan</c>.</summary>
/// <param name="From">First offset.</param>
/// <param name="To">Offset behind the last one.</param>
/// <param name="Writer">The sink that settled it.</param>
/// <param name="Positions">The stream positions at <paramref name="From"/>.</param>
public sealed record PlanRow(long From, long To, Guid Writer, IReadOnlyList<StreamPosition> Positions);
