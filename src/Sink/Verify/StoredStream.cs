namespace ECapture.Sink.Verify;

/// <summary>The rows of a stream in a store.</summary>
/// <param name="Run">Agent run.</param>
/// <param name="Topic">Topic and table.</param>
/// <param name="Partition">Partition of the agent's log.</param>
/// <param name="Rows">How many.</param>
/// <param name="From">Time of the earliest, nanoseconds of the epoch.</param>
/// <param name="To">Time of the latest.</param>
internal sealed record StoredStream(Guid Run, string Topic, int Partition, long Rows, long From, long To);
