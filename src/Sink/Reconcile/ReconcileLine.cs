namespace ECapture.Sink.Reconcile;

/// <summary>Names a line: a topic, a partition of the log, an hour. Logs that share the numbers of their partitions in one store share lines.</summary>
/// <param name="Topic">Short name.</param>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Hour">Hours since 1970; 0: records whose time cannot be read.</param>
internal readonly record struct LineKey(string Topic, int Partition, long Hour);

/// <summary>One line of a reconciliation: what was read, and where it is.</summary>
internal sealed class ReconcileLine
{
    /// <summary>Records read from the log, as the sink's accounts say.</summary>
    public long Records { get; set; }

    /// <summary>Of these, records that were counted in the log again.</summary>
    public long Counted { get; set; }

    /// <summary>What the log held for the batches that were counted again.</summary>
    public long InLog { get; set; }

    /// <summary>Offsets without a record, which the log had dropped before the sink read them.</summary>
    public long Dropped { get; set; }

    /// <summary>Rows of the table.</summary>
    public long Rows { get; set; }

    /// <summary>Rows that came from dead letters that were tried again.</summary>
    public long Retried { get; set; }

    /// <summary>Dead letters, resolved or not.</summary>
    public long DeadLetters { get; set; }

    /// <summary>Duplicates dropped.</summary>
    public long Duplicates { get; set; }

    /// <summary>Rows that retention dropped.</summary>
    public long Expired { get; set; }

    /// <summary>Offsets of the log that belong to the line.</summary>
    public long Offsets => Records + Dropped;

    /// <summary>What is missing in the store (positive) or too much (negative).</summary>
    public long Difference => Records - (Rows - Retried + DeadLetters + Duplicates + Expired);

    /// <summary>What the log holds and the accounts do not know (positive), or the other way round.</summary>
    public long LogDifference => InLog - Counted;

    /// <summary>True when everything is where it belongs.</summary>
    public bool IsEqual => Difference == 0 && LogDifference == 0;

    /// <summary>What the number of offsets rests on.</summary>
    public string ProvenBy => Counted == 0 ? "accounts" : Counted >= Records ? "log" : "log+accounts";
}
