namespace ECapture.Sink.Verify;

/// <summary>The sequences of a stream that retention dropped.</summary>
internal sealed class ExpiredRanges
{
    private readonly List<SequenceRange> _ranges = [];

    /// <summary>Nothing was dropped.</summary>
    public static ExpiredRanges None { get; } = new([]);

    /// <param name="entries">First and last sequence and rows, as <c>expired</c> has them; negative rows: brought back.</param>
    public ExpiredRanges(IEnumerable<(SequenceRange Range, long Rows)> entries)
    {
        foreach ((SequenceRange range, long rows) in entries.GroupBy(e => e.Range).Select(g => (g.Key, g.Sum(e => e.Rows))).Where(e => e.Item2 > 0).OrderBy(e => e.Key.First))
        {
            Rows += rows;
            if (_ranges.Count > 0 && range.First <= _ranges[^1].Last + 1)
            {
                _ranges[^1] = new SequenceRange(_ranges[^1].First, Math.Max(_ranges[^1].Last, range.Last));
            }
            else
            {
                _ranges.Add(range);
            }
        }
    }

    /// <summary>How many rows.</summary>
    public long Rows { get; }

    /// <summary>The parts of a range that were not dropped; what was, is counted.</summary>
    public IEnumerable<SequenceRange> Without(SequenceRange range, Action<ulong> dropped)
    {
        ulong at = range.First;
        foreach (SequenceRange gone in _ranges.Where(r => r.Last >= range.First && r.First <= range.Last))
        {
            if (gone.First > at)
            {
                yield return new SequenceRange(at, gone.First - 1);
            }

            ulong from = Math.Max(at, gone.First);
            ulong to = Math.Min(gone.Last, range.Last);
            dropped(to - from + 1);
            if (to == range.Last)
            {
                yield break;
            }

            at = to + 1;
        }

        yield return new SequenceRange(at, range.Last);
    }
}
