using ECapture.Sink.Delivery;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>A batch as Native blocks, one per partition of the table, and one of dead letters.</summary>
/// <param name="table">The table.</param>
/// <param name="pool">Memory of its rows.</param>
/// <param name="unit">The partitions that the table has now; asked for when the first row comes.</param>
/// <param name="clock">Time of dead letters.</param>
internal sealed class ClickHouseBatch(EventTable table, BufferPool pool, Func<PartitionUnit> unit, TimeProvider clock) : BlockBatch
{
    // The partition, and the one before around its end.
    private const int KeptParts = 2;

    private readonly Dictionary<int, PartitionBlock> _parts = [];
    private readonly Stack<PartitionBlock> _spare = [];
    private AccountBlock? _account;
    private PartitionBlock? _last;
    private PartitionUnit _unit;
    private ulong _nanoseconds; // of a partition; 0: not asked yet

    public override int Days => _parts.Count;

    // The account comes last: where it is, the others are.
    public override IEnumerable<Block> Blocks
    {
        get
        {
            foreach (PartitionBlock block in _parts.Values.OrderBy(block => block.Span.Index))
            {
                yield return block;
            }

            if (Letters.Count > 0)
            {
                yield return new DeadLetterBlock(Partition.Log, Letters, clock);
            }

            if (Account.Count > 0)
            {
                yield return _account ??= new AccountBlock(this, clock);
            }
        }
    }

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        if (_nanoseconds == 0)
        {
            _unit = unit();
            _nanoseconds = PartitionSpan.Nanoseconds(_unit);
        }

        int index = (int)(row.Fields.WallNs / _nanoseconds);
        PartitionBlock block = _last is not null && _last.Span.Index == index ? _last : Of(index);
        block.Native.Append(row);
        block.Tally.Add(stream, row.Fields.Sequence);
    }

    protected override void Reset()
    {
        _last = null;
        foreach (PartitionBlock block in _parts.Values)
        {
            block.Native.Clear();
            block.Tally.Clear();
            if (_spare.Count < KeptParts)
            {
                _spare.Push(block);
            }
        }

        _parts.Clear();
        _nanoseconds = 0;
    }

    private PartitionBlock Of(int index)
    {
        if (!_parts.TryGetValue(index, out PartitionBlock? block))
        {
            block = _spare.Count > 0 ? _spare.Pop() : new PartitionBlock(table, pool) { Parts = refused => new PartitionBlockParts(refused, this, clock) };
            block.Span = new PartitionSpan(_unit, index);
            _parts.Add(index, block);
        }

        _last = block;
        return block;
    }
}
