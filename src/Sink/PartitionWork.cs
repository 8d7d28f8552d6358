using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink;

/// <summary>
/// A partition that the sink owns: its progress, the batch that fills and the one that is being written. Only the sink's loop touches it, but for the
/// batch in flight, which belongs to its writer.
/// </summary>
internal sealed class PartitionWork(TopicPartition partition, Func<Batch> createBatch, TimeProvider clock, SinkMetrics metrics) : IDisposable
{
    // Each day of a batch is a block or a partition of its own; a writer with a broken clock must not make thousands at once.
    private const int MaxDays = 32;

    private readonly byte[] _topic = Encoding.UTF8.GetBytes(partition.Topic);
    private Batch? _spare;
    private long _firstTaken;

    public TopicPartition Partition { get; } = partition;

    public PartitionProgress Progress { get; } = new(clock);

    /// <summary>The batch that fills.</summary>
    public Batch Batch { get; private set; } = createBatch();

    /// <summary>What cuts payloads before they are stored; null: nothing.</summary>
    public StoredCut? Cut { get; init; }

    /// <summary>The batch that is being written, or null.</summary>
    public Batch? InFlight { get; private set; }

    public CancellationTokenSource Cancel { get; } = new();

    /// <summary>The call of the store that is under way, or null.</summary>
    public Task<ResumePoint?>? Pending { get; set; }

    /// <summary>Where the store says that the partition goes on; it does when the log has said where it begins and ends.</summary>
    public ResumePoint? Point { get; set; }

    /// <summary>The question to the log about that, or null; without an answer it is asked again.</summary>
    public Task<(long First, long Next)?>? Asking { get; set; }

    /// <summary>When the log was asked last; 0: not yet.</summary>
    public long AskedAt { get; set; }

    /// <summary>True when records were delivered that were not taken: nothing more is taken until the log delivers them again.</summary>
    public bool MustSeek { get; private set; }

    /// <summary>True while the log is told not to deliver.</summary>
    public bool IsPaused { get; set; }

    /// <summary>End of the partition as far as known.</summary>
    public long End { get; set; }

    /// <summary>Wall clock of the oldest event of the batch that fills.</summary>
    public ulong OldestNs { get; private set; } = ulong.MaxValue;

    /// <summary>Bytes of both batches.</summary>
    public long Bytes => Batch.Bytes + (InFlight?.Bytes ?? 0);

    /// <summary>How long the first record of the batch has been waiting.</summary>
    public TimeSpan Age => Progress.HasRecords ? Stopwatch.GetElapsedTime(_firstTaken) : TimeSpan.Zero;

    /// <summary>True when the batch that fills may be written: the store has nothing else to do for this partition.</summary>
    public bool MayWrite => Pending is null && Point is null && Progress.Phase == PartitionPhase.Filling;

    /// <summary>True when the batch must be written before anything is added.</summary>
    public bool IsFull(SinkOptions options) =>
        Progress.ReplayTo is null ? Batch.Rows >= options.BatchRows || Batch.Bytes >= options.BatchBytes || Batch.Days >= MaxDays
            : Progress.IsReplayComplete;

    /// <summary>True when records can be taken.</summary>
    public bool HasRoom(SinkOptions options) => Point is null && Progress.Phase == PartitionPhase.Filling && !IsFull(options);

    /// <summary>True when the batch should be written now.</summary>
    public bool IsDue(SinkOptions options) =>
        IsFull(options) || (Progress.ReplayTo is null && Progress.HasRecords && Age >= options.FlushInterval);

    /// <summary>Ends the batch that fills: it is <see cref="InFlight"/>, and the next one begins.</summary>
    public Plan Close()
    {
        Plan plan = Progress.Close();
        InFlight = Batch;
        Batch = _spare ?? createBatch();
        _spare = null;
        OldestNs = ulong.MaxValue;
        return plan;
    }

    /// <summary>The batch in flight is stored.</summary>
    public void Written()
    {
        Progress.Written();
        Spare();
    }

    /// <summary>The store said where the partition goes on; what was read and not stored is forgotten.</summary>
    /// <param name="point">The store's answer.</param>
    /// <param name="first">The first offset that the log keeps.</param>
    public void Resume(ResumePoint point, long first)
    {
        Progress.Resume(point, first);
        Point = null;
        AskedAt = 0;
        Spare();
        Batch.Clear();
        OldestNs = ulong.MaxValue;
        MustSeek = true;
    }

    /// <summary>A delivery could not be taken.</summary>
    public void Refuse() => MustSeek = true;

    /// <summary>The log goes on at <see cref="PartitionProgress.Next"/>.</summary>
    public void Sought() => MustSeek = false;

    /// <summary>Takes records into the batch.</summary>
    public void Take(ReadOnlySpan<LogRecord> records, SinkOptions options)
    {
        long taken = 0;
        long duplicates = 0;
        long letters = 0;
        ulong missing = 0;
        bool hadRecords = Progress.HasRecords;
        if (MustSeek)
        {
            return; // behind a gap
        }

        foreach (ref readonly LogRecord record in records)
        {
            // A delivery may overshoot the batch's size, which saves reading the rest of it again, but not without a bound.
            if (Progress.ReplayTo is null && (Batch.Rows >= 2 * options.BatchRows || Batch.Bytes >= 2L * options.BatchBytes || Batch.Days >= MaxDays))
            {
                MustSeek = true;
                break;
            }

            long expected = Progress.Next;
            RecordVerdict verdict = Progress.Place(record.Offset);
            if (verdict == RecordVerdict.Beyond)
            {
                MustSeek = true;
                break;
            }

            if (verdict == RecordVerdict.Take)
            {
                taken++;
                if (record.Offset > expected)
                {
                    Batch.Account.AddGap(record.Offset - expected);
                }

                Add(record, ref duplicates, ref letters, ref missing);
            }
        }

        if (!hadRecords)
        {
            _firstTaken = Stopwatch.GetTimestamp();
        }

        metrics.Read(Partition.Topic, taken, duplicates, letters, missing);
    }

    public void Dispose()
    {
        Spare();
        Batch.Clear(); // its memory goes back to the pool
        Cancel.Dispose();
    }

    private void Spare()
    {
        if (InFlight is { } written)
        {
            written.Clear();
            _spare = written;
            InFlight = null;
        }
    }

    private void Add(in LogRecord record, ref long duplicates, ref long letters, ref ulong missing)
    {
        ReadOnlySpan<byte> bytes = record.Value.Span;
        if (EventCheck.Read(bytes, _topic, out EventFields fields) is { } fault)
        {
            letters++;
            Batch.AddDeadLetter(new DeadLetter(Partition.Topic, Partition.Partition, record.Offset, fault.Kind, fault.Error), bytes);
            return;
        }

        StreamKey stream = new(BinaryPrimitives.ReadUInt128BigEndian(fields.Run.Of(bytes)), fields.Partition);
        if (!Progress.TryAdvance(stream, fields.Sequence, out ulong gap))
        {
            duplicates++;
            Batch.Account.AddDuplicate(fields.WallNs);
            return;
        }

        missing += gap;
        OldestNs = Math.Min(OldestNs, fields.WallNs);
        bytes = Cut is null ? bytes : Cut.Apply(bytes, ref fields);
        Batch.Add(new EventRow(bytes, ref fields, Partition.Partition, record.Offset), stream);
    }
}
