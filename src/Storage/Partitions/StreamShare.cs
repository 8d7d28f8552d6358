namespace ECapture.Storage.Partitions;

/// <summary>What a partition of a table holds of a stream.</summary>
/// <param name="Run">Agent run.</param>
/// <param name="Partition">Partition of the agent's log.</param>
/// <param name="Rows">Rows.</param>
/// <param name="FirstSequence">Lowest sequence.</param>
/// <param name="LastSequence">Highest sequence.</param>
public sealed record StreamShare(Guid Run, int Partition, long Rows, long FirstSequence, long LastSequence);
