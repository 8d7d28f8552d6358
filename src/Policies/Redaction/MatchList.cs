namespace ECapture.Policies.Redaction;

/// <summary>Ranges of a text that rules matched. Reused: it allocates only while it grows.</summary>
internal sealed class MatchList
{
    // A pattern that matches single bytes of a large payload must not make a list larger than the payload.
    private const int Most = 32 * 1024;

    private RedactedRange[] _ranges = new RedactedRange[16];
    private int _count;

    /// <summary>The ranges, in the order in which they were added until <see cref="Merge"/>.</summary>
    internal ReadOnlySpan<RedactedRange> Ranges => _ranges.AsSpan(0, _count);

    /// <summary>The bit of the rule whose matches are added now.</summary>
    internal uint Rule { get; set; } = 1;

    internal void Clear() => _count = 0;

    /// <summary>Adds a range; empty ones are none. Beyond the bound the last range grows over everything between: too much rather than too little.</summary>
    internal void Add(int start, int end)
    {
        if (end <= start)
        {
            return;
        }

        if (_count == Most)
        {
            ref RedactedRange last = ref _ranges[_count - 1];
            last = new RedactedRange(Math.Min(last.Start, start), Math.Max(last.End, end), last.Rules | Rule);
            return;
        }

        if (_count == _ranges.Length)
        {
            Array.Resize(ref _ranges, _count * 2);
        }

        _ranges[_count++] = new RedactedRange(start, end, Rule);
    }

    /// <summary>Adds ranges of another list.</summary>
    internal void Add(ReadOnlySpan<RedactedRange> ranges)
    {
        foreach (RedactedRange range in ranges)
        {
            Rule = range.Rules;
            Add(range.Start, range.End);
        }
    }

    /// <summary>Adds those ranges of another list that end before <paramref name="open"/>.</summary>
    internal void AddClosed(ReadOnlySpan<RedactedRange> ranges, int open)
    {
        foreach (RedactedRange range in ranges)
        {
            if (range.End <= open)
            {
                Rule = range.Rules;
                Add(range.Start, range.End);
            }
        }
    }

    /// <summary>Sorts the ranges and joins those that overlap.</summary>
    internal void Merge()
    {
        if (_count < 2)
        {
            return;
        }

        _ranges.AsSpan(0, _count).Sort(static (a, b) => a.Start.CompareTo(b.Start));
        int kept = 0;
        for (int i = 1; i < _count; i++)
        {
            RedactedRange last = _ranges[kept];
            RedactedRange next = _ranges[i];
            if (next.Start < last.End)
            {
                _ranges[kept] = new RedactedRange(last.Start, Math.Max(last.End, next.End), last.Rules | next.Rules);
            }
            else
            {
                _ranges[++kept] = next;
            }
        }

        _count = kept + 1;
    }
}
