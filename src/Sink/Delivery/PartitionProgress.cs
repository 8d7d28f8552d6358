namespace ECapture.Sink.Delivery;

/// <summary>What a partition's sink is doing.</summary>
public enum PartitionPhase
{
    /// <summary>It asks the store where to go on.</summary>
    Loading,

    /// <summary>It reads records into a batch, while the one before may be on its way into the store.</summary>
    Filling,
}

/// <summary>What to do with a record.</summary>
public enum RecordVerdict
{
    /// <summary>It belongs to the batch.</summary>
    Take,

    /// <summary>It lies before the batch: the log delivered it again.</summary>
    Stale,

    /// <summary>It lies behind the range that is run again; the batch is complete, the record will be read later.</summary>
    Beyond,
}

/// <summary>
/// The delivery protocol's bookkeeping for one partition of the log, without any input or output (docs/architecture.md, "Delivery"). One
/// batch is written at a time; the next one fills meanwhile, and is settled only when the one before is stored. A simulation in the
/// tests kills its owner at every step.
/// </summary>
/// <param name="clock">See <see cref="StreamPositions"/>.</param>
public sealed class PartitionProgress(TimeProvider clock)
{
    private readonly StreamPositions _streams = new(clock);
    private IReadOnlyList<StreamPosition> _atStart = [];

    /// <summary>What it is doing.</summary>
    public PartitionPhase Phase { get; private set; } = PartitionPhase.Loading;

    /// <summary>Everything below is stored.</summary>
    public long From { get; private set; }

    /// <summary>Where the batch that fills begins: behind the one that is being written.</summary>
    public long Start { get; private set; }

    /// <summary>The offset behind the last record that was taken.</summary>
    public long Next { get; private set; }

    /// <summary>The plan of the batch that is being written, or null.</summary>
    public Plan? InFlight { get; private set; }

    /// <summary>End of the range that is run again, as long as that is being read; or null.</summary>
    public long? ReplayTo { get; private set; }

    /// <summary>True when the range that is run again was read to its end: the batch must be closed.</summary>
    public bool IsReplayComplete => ReplayTo is long to && Next >= to;

    /// <summary>True when records were taken since the last batch, whether or not they made rows.</summary>
    public bool HasRecords => Next > Start;

    /// <summary>The store answered; reading begins at <see cref="From"/>. What was taken and not stored is forgotten.</summary>
    /// <param name="point">The store's answer.</param>
    /// <param name="first">The first offset that the log keeps.</param>
    public void Resume(ResumePoint point, long first)
    {
        ArgumentNullException.ThrowIfNull(point);
        // A range that the log no longer keeps cannot be run again; its blocks were most likely written long ago.
        bool isReplayGone = point.ReplayTo is long to && first >= to;
        From = isReplayGone ? point.ReplayTo!.Value : point.Offset ?? first;
        Start = From;
        Next = From;
        ReplayTo = isReplayGone ? null : point.ReplayTo;
        _streams.Load(point.Positions);
        _atStart = point.Positions;
        InFlight = null;
        Phase = PartitionPhase.Filling;
    }

    /// <summary>Says what to do with the record at an offset. Taking it moves <see cref="Next"/>.</summary>
    public RecordVerdict Place(long offset)
    {
        RequireFilling();
        if (offset < Next)
        {
            return RecordVerdict.Stale;
        }

        if (offset >= ReplayTo)
        {
            Next = ReplayTo.Value;
            return RecordVerdict.Beyond;
        }

        Next = offset + 1;
        return RecordVerdict.Take;
    }

    /// <summary>Moves the stream of a record that was taken.</summary>
    /// <returns>False when the event was stored before: it is dropped.</returns>
    public bool TryAdvance(StreamKey stream, ulong sequence, out ulong missing) =>
        _streams.TryAdvance(stream, sequence, out missing);

    /// <summary>Ends the batch: it is in flight until <see cref="Written"/>, and the next one begins behind it, with the streams as they are now.</summary>
    public Plan Close()
    {
        RequireFilling();
        if (InFlight is not null)
        {
            throw new InvalidOperationException($"the batch of {InFlight.From} to {InFlight.To} is still being written");
        }

        if (ReplayTo is not null && !IsReplayComplete)
        {
            throw new InvalidOperationException($"a batch that is run again ends at {ReplayTo}, not at {Next}");
        }

        InFlight = new Plan(Start, Next, _atStart, ReplayTo is not null);
        Start = Next;
        ReplayTo = null;
        _atStart = _streams.Snapshot();
        return InFlight;
    }

    /// <summary>The rows of the batch in flight are stored.</summary>
    public void Written()
    {
        From = (InFlight ?? throw new InvalidOperationException("no batch is being written")).To;
        InFlight = null;
    }

    private void RequireFilling()
    {
        if (Phase != PartitionPhase.Filling)
        {
            throw new InvalidOperationException($"the partition is {Phase}: the store has not said where it goes on");
        }
    }
}
