using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink;

/// <summary>A partition that the sink owns: its progress, and the batch it fills. Only the sink's loop touches it while no write is under way.</summary>
internal sealed class PartitionWork(TopicPartition partition, Batch batch, TimeProvider clock, SinkMetrics metrics) : IDisposable
{
    // Each day of a batch is a block or a partition of its own; a writer with a broken clock must not make thousands at once.
    private const int MaxDays = 32;

    private readonly byte[] _topic = Encoding.UTF8.GetBytes(partition.Topic);
    private long _firstTaken;

    public TopicPartition Partition { get; } = partition;

    public PartitionProgress Progress { get; } = new(clock);

    public Batch Batch { get; } = batch;

    public CancellationTokenSource Cancel { get; } = new();

    /// <summary>The call of the store that is under way, or null.</summary>
    public Task<ResumePoint?>? Pending { get; set; }

    /// <summary>True when records were delivered that were not taken: the log must deliver them again.</summary>
    public bool MustSeek { get; set; }

    /// <summary>True while the log is told not to deliver.</summary>
    public bool IsPaused { get; set; }

    /// <summary>End of the partition as far as known.</summary>
    public long End { get; set; }

    /// <summary>Wall clock of the oldest event of the batch.</summary>
    public ulong OldestNs { get; private set; } = ulong.MaxValue;

    /// <summary>How long the first record of the batch has been waiting.</summary>
    public TimeSpan Age => Progress.HasRecords ? Stopwatch.GetElapsedTime(_firstTaken) : TimeSpan.Zero;

    public bool IsFilling => Pending is null && Progress.Phase == PartitionPhase.Filling;

    /// <summary>True when the batch must be written before anything is added.</summary>
    public bool IsFull(SinkOptions options) =>
        Progress.ReplayTo is null ? Batch.Rows >= options.BatchRows || Batch.Bytes >= options.BatchBytes || Batch.Days >= MaxDays
            : Progress.IsReplayComplete;

    /// <summary>Takes records into the batch.</summary>
    public void Take(ReadOnlySpan<LogRecord> records, SinkOptions options)
    {
        long taken = 0;
        long duplicates = 0;
        long letters = 0;
        ulong missing = 0;
        bool hadRecords = Progress.HasRecords;
        foreach (ref readonly LogRecord record in records)
        {
            // A delivery may overshoot the batch's size, which saves reading the rest of it again, but not without a bound.
            if (Progress.ReplayTo is null && (Batch.Rows >= 2 * options.BatchRows || Batch.Bytes >= 2L * options.BatchBytes || Batch.Days >= MaxDays))
            {
                MustSeek = true;
                break;
            }

            RecordVerdict verdict = Progress.Place(record.Offset);
            if (verdict == RecordVerdict.Beyond)
            {
                MustSeek = true;
                break;
            }

            if (verdict == RecordVerdict.Take)
            {
                taken++;
                Add(record, ref duplicates, ref letters, ref missing);
            }
        }

        if (!hadRecords)
        {
            _firstTaken = Stopwatch.GetTimestamp();
        }

        metrics.Read(Partition.Topic, taken, duplicates, letters, missing);
    }

    /// <summary>Forgets the batch.</summary>
    public void Clear()
    {
        Batch.Clear();
        OldestNs = ulong.MaxValue;
    }

    public void Dispose() => Cancel.Dispose();

    private void Add(in LogRecord record, ref long duplicates, ref long letters, ref ulong missing)
    {
        ReadOnlySpan<byte> bytes = record.Value.Span;
        string? fault = EventReader.TryRead(bytes, out EventFields fields) ? EventCheck.Fault(bytes, fields, _topic) : EventCheck.Undecodable;
        if (fault is not null)
        {
            letters++;
            Batch.AddDeadLetter(new DeadLetter(Partition.Topic, Partition.Partition, record.Offset, fault), bytes);
            return;
        }

        StreamKey stream = new(BinaryPrimitives.ReadUInt128BigEndian(fields.Run.Of(bytes)), fields.Partition);
        if (!Progress.TryAdvance(stream, fields.Sequence, out ulong gap))
        {
            duplicates++;
            return;
        }

        missing += gap;
        OldestNs = Math.Min(OldestNs, fields.WallNs);
        Batch.Add(new EventRow(bytes, ref fields, Partition.Partition, record.Offset), stream);
    }
}
