namespace ECapture.Sink.Verify;

/// <summary>What was found of one stream. Counts are whole; ranges are kept as far as a report can show them.</summary>
/// <param name="expired">What retention dropped: it is not missing.</param>
internal sealed class StreamFindings(ExpiredRanges expired)
{
    /// <summary>Most ranges of each kind that are kept.</summary>
    public const int MaxRanges = 100;

    private readonly List<SequenceRange> _missing = [];
    private readonly List<SequenceRange> _altered = [];
    private readonly List<SequenceRange> _twice = [];

    /// <summary>Events read, each sequence once.</summary>
    public long Stored { get; set; }

    /// <summary>Events whose bytes are those of the checkpoints.</summary>
    public long Verified { get; set; }

    /// <summary>Events that were cut after they were appended: their bytes cannot be those of the checkpoints.</summary>
    public long Cut { get; set; }

    /// <summary>Events behind the last checkpoint: nothing is there to hold their bytes against.</summary>
    public long BehindLastCheckpoint { get; set; }

    /// <summary>Events whose interval could not be checked because one in it is missing or cut.</summary>
    public long Unverified { get; set; }

    /// <summary>Sequences that are not stored.</summary>
    public ulong MissingCount { get; private set; }

    /// <summary>Of these, events that the store refused: they are dead letters.</summary>
    public ulong DeadLetters { get; set; }

    /// <summary>Rows beyond the first of their sequence.</summary>
    public long TwiceCount { get; private set; }

    public IReadOnlyList<SequenceRange> Missing => _missing;

    /// <summary>Between these two checkpoints some byte is not what it was.</summary>
    public IReadOnlyList<SequenceRange> Altered => _altered;

    public IReadOnlyList<SequenceRange> Twice => _twice;

    public int AlteredIntervals { get; private set; }

    /// <summary>Sequences that retention dropped.</summary>
    public ulong Expired { get; private set; }

    public void AddMissing(ulong first, ulong last)
    {
        foreach (SequenceRange range in expired.Without(new SequenceRange(first, last), dropped => Expired += dropped))
        {
            MissingCount += range.Count;
            Keep(_missing, range);
        }
    }

    /// <summary>There is nothing more: a sequence that lies among the dropped ones although fewer were dropped is missing.</summary>
    public void End()
    {
        ulong rows = (ulong)expired.Rows;
        if (Expired > rows)
        {
            MissingCount += Expired - rows;
            Expired = rows;
        }
    }

    /// <summary>The part of <see cref="Missing"/> behind the last event that is stored.</summary>
    public SequenceRange? MissingAtEnd { get; private set; }

    public void AddMissingAtEnd(ulong first, ulong last)
    {
        ulong before = MissingCount;
        AddMissing(first, last);
        MissingAtEnd = MissingCount > before ? new SequenceRange(last - (MissingCount - before) + 1, last) : null;
    }

    public void AddTwice(ulong sequence)
    {
        TwiceCount++;
        if (_twice.Count == 0 || _twice[^1].Last != sequence)
        {
            Keep(_twice, new SequenceRange(sequence, sequence));
        }
    }

    public void AddAltered(ulong first, ulong last)
    {
        AlteredIntervals++;
        Keep(_altered, new SequenceRange(first, last));
    }

    private static void Keep(List<SequenceRange> ranges, SequenceRange range)
    {
        if (ranges.Count < MaxRanges)
        {
            ranges.Add(range);
        }
    }
}
