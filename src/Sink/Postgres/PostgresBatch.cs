using ECapture.Sink.Delivery;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Postgres;

/// <summary>A batch as COPY data.</summary>
/// <param name="table">The table.</param>
/// <param name="pool">Memory of its rows.</param>
/// <param name="unit">The partitions that the table is to have for these rows.</param>
internal sealed class PostgresBatch(EventTable table, BufferPool pool, PartitionUnit unit) : Batch
{
    private readonly ulong _nanoseconds = PartitionSpan.Nanoseconds(unit);
    private readonly HashSet<int> _spans = [];

    public CopyBuffer Copy { get; } = new(table, pool);

    public StreamTally Tally { get; } = new();

    /// <summary>The partitions that the rows belong to.</summary>
    public IEnumerable<PartitionSpan> Spans => _spans.Select(index => new PartitionSpan(unit, index));

    public override int Days => _spans.Count;

    public override void See(StreamKey stream, ulong sequence) => Tally.See(stream, sequence);

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        Copy.Append(row);
        _spans.Add((int)(row.Fields.WallNs / _nanoseconds));
        Tally.Add(stream, row.Fields.Sequence);
    }

    protected override void Reset()
    {
        Copy.Clear();
        Tally.Clear();
        _spans.Clear();
    }
}
