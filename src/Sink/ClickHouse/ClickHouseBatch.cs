using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>A batch as Native blocks, one per day, and one of dead letters.</summary>
internal sealed class ClickHouseBatch(EventTable table, TimeProvider clock) : BlockBatch
{
    private const ulong NanosecondsPerDay = 86_400_000_000_000;

    // A column that grew beyond this is given back after the batch: a few large batches do not keep memory for ever.
    private const int KeptPerColumn = 48 << 20;

    // The day, and the one before around midnight.
    private const int KeptDays = 2;

    private readonly Dictionary<int, DayBlock> _days = [];
    private readonly Stack<DayBlock> _spare = [];
    private readonly DeadLetterBlock _letters = new(clock);
    private DayBlock? _last;

    public override int Days => _days.Count;

    public override IEnumerable<Block> Blocks =>
        _days.Values.OrderBy(block => block.Day).Concat(_letters.Rows > 0 ? [_letters] : Enumerable.Empty<Block>());

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        int day = (int)(row.Fields.WallNs / NanosecondsPerDay);
        DayBlock block = _last is not null && _last.Day == day ? _last : Of(day);
        block.Native.Append(row);
        block.Tally.Add(stream, row.Fields.Sequence);
    }

    protected override void AddLetter(DeadLetter letter, ReadOnlySpan<byte> bytes) => _letters.Add(letter, bytes);

    protected override void Reset()
    {
        _letters.Clear();
        _last = null;
        foreach (DayBlock block in _days.Values)
        {
            if (_spare.Count < KeptDays)
            {
                block.Native.Clear(KeptPerColumn);
                block.Tally.Clear();
                _spare.Push(block);
            }
        }

        _days.Clear();
    }

    private DayBlock Of(int day)
    {
        if (!_days.TryGetValue(day, out DayBlock? block))
        {
            block = _spare.Count > 0 ? _spare.Pop() : new DayBlock(table);
            block.Day = day;
            _days.Add(day, block);
        }

        _last = block;
        return block;
    }
}
