using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Postgres;

/// <summary>A batch as COPY data.</summary>
internal sealed class PostgresBatch(EventTable table) : Batch
{
    private const ulong NanosecondsPerDay = 86_400_000_000_000;

    // A buffer that grew beyond this is given back after the batch.
    private const int KeptBuffer = 96 << 20;

    private readonly HashSet<int> _days = [];

    public CopyBuffer Copy { get; } = new(table);

    public StreamTally Tally { get; } = new();

    /// <summary>Dead letters are few: this allocates.</summary>
    public List<(DeadLetter Letter, byte[] Bytes)> Letters { get; } = [];

    /// <summary>Days since 1970-01-01.</summary>
    public IReadOnlySet<int> DaySet => _days;

    public override int Days => _days.Count;

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        Copy.Append(row);
        _days.Add((int)(row.Fields.WallNs / NanosecondsPerDay));
        Tally.Add(stream, row.Fields.Sequence);
    }

    protected override void AddLetter(DeadLetter letter, ReadOnlySpan<byte> bytes) => Letters.Add((letter, bytes.ToArray()));

    protected override void Reset()
    {
        Copy.Clear(KeptBuffer);
        Tally.Clear();
        Letters.Clear();
        _days.Clear();
    }
}
