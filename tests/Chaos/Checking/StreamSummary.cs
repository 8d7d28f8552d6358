namespace ECapture.Tests.Chaos.Checking;

/// <summary>A stream: (run, topic, partition).</summary>
internal readonly record struct StreamId(string Topic, Guid Run, int Partition);

/// <summary>
/// What is held of a stream. Two holders hold the same set of sequences, each once and of the same bytes, when their summaries are equal, and count = sequences = last - first + 1.
/// </summary>
/// <param name="Events">Rows.</param>
/// <param name="Sequences">Different sequences.</param>
/// <param name="First">Lowest sequence.</param>
/// <param name="Last">Highest sequence.</param>
/// <param name="Digest">Sum of the first 32 bits of the MD5 of each event's bytes.</param>
internal readonly record struct StreamSummary(long Events, long Sequences, long First, long Last, ulong Digest)
{
    public bool IsWhole => First == 0 && Events == Sequences && Sequences == Last + 1;

    public override string ToString() => $"{Events} rows, {Sequences} sequences {First}..{Last}, digest {Digest}";
}
