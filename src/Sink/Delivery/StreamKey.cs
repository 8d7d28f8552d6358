namespace ECapture.Sink.Delivery;

/// <summary>A stream within a topic: an agent run and a partition of its local log. Its events are in order wherever they go.</summary>
/// <param name="Run">The run's UUID as a number, first byte highest.</param>
/// <param name="Partition">Partition of the agent's local log.</param>
public readonly record struct StreamKey(UInt128 Run, uint Partition);
