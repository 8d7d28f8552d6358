namespace ECapture.Sink.Delivery;

/// <summary>A batch, settled before it is written: the same plan over the same log gives the same rows in the same order.</summary>
/// <param name="From">First offset.</param>
/// <param name="To">Offset behind the last one.</param>
/// <param name="Positions">The stream positions at <paramref name="From"/>.</param>
/// <param name="IsReplay">True when the store gave the plan: it is settled, and may be stored in part or whole.</param>
public sealed record Plan(long From, long To, IReadOnlyList<StreamPosition> Positions, bool IsReplay);
