using ECapture.Storage.Tables;

namespace ECapture.Sink.Delivery;

/// <summary>Rows on their way into a store, in the form that the store takes.</summary>
public abstract class Batch
{
    // Columns beside the event's bytes, and what a row costs in buffers.
    private const int RowOverhead = 200;

    private readonly List<DeadRecord> _letters = [];
    private PartitionId? _partition;

    /// <summary>What was read of the batch, by hour.</summary>
    public BatchAccount Account { get; } = new();

    /// <summary>Whose batch it is; known when it is settled.</summary>
    public PartitionId Partition => _partition ?? throw new InvalidOperationException("the batch is not settled");

    /// <summary>First offset; known when it is settled.</summary>
    public long From { get; private set; }

    /// <summary>Offset behind the last one; known when it is settled.</summary>
    public long To { get; private set; }

    /// <summary>Events added.</summary>
    public int Rows { get; private set; }

    /// <summary>What could not be read. Dead letters are few: they allocate.</summary>
    public IReadOnlyList<DeadRecord> Letters => _letters;

    /// <summary>Bytes that the events take, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>Days (UTC) that the events belong to: each costs a block or a partition.</summary>
    public abstract int Days { get; }

    /// <summary>Adds an event.</summary>
    public void Add(in EventRow row, StreamKey stream)
    {
        Rows++;
        Account.AddEvent(row.Fields.WallNs);
        Bytes += row.Bytes.Length + RowOverhead;
        AddRow(row, stream);
    }

    /// <summary>Adds what could not be read.</summary>
    /// <param name="letter">Where it was and why.</param>
    /// <param name="bytes">The record's value.</param>
    public void AddDeadLetter(DeadLetter letter, ReadOnlySpan<byte> bytes)
    {
        Account.AddDeadLetter();
        Bytes += bytes.Length + RowOverhead;
        _letters.Add(new DeadRecord(letter, bytes.ToArray()));
    }

    /// <summary>Says how far a stream was read of which nothing need have become a row. Stores that keep it in their plans have it already.</summary>
    public virtual void See(StreamKey stream, ulong sequence)
    {
    }

    /// <summary>Nothing more is added: the batch holds the records of a plan.</summary>
    public void Settle(PartitionId partition, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _partition = partition;
        From = plan.From;
        To = plan.To;
    }

    /// <summary>Forgets everything, for the next batch.</summary>
    public void Clear()
    {
        Rows = 0;
        _letters.Clear();
        Bytes = 0;
        _partition = null;
        Account.Clear();
        Reset();
    }

    /// <summary>Adds an event.</summary>
    protected abstract void AddRow(in EventRow row, StreamKey stream);

    /// <summary>Forgets everything.</summary>
    protected abstract void Reset();
}
