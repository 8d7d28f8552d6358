using System.Diagnostics;

namespace ECapture.Log.Local;

/// <summary>
/// The one writer of a local log. Appends are synchronous (tens of microseconds and about half a microsecond per record) and may come
/// from several threads.
/// </summary>
public sealed class LocalLogWriter : ILogWriter
{
    // More offsets than a power cut can undo: what was read before it must not share offsets with what is written after it.
    private const long OffsetsSkippedAfterPowerCut = 1L << 32;

    private readonly Lock _gate = new();
    private readonly LogDirectory _directory;
    private readonly LocalLogOptions _options;
    private readonly WriterLock _lock;
    private readonly Catalogue _catalogue;
    private readonly Retention _retention;
    private readonly List<DroppedRange> _dropped = [];
    private SegmentWriter _active;
    private long _activeSince;
    private long _nextReclaim;
    private bool _disposed;

    internal LocalLogWriter(string directory, LocalLogOptions options)
    {
        options.Validate();
        _options = options;
        _directory = new LogDirectory(directory, options.Group);
        _directory.Make();
        _lock = WriterLock.Take(_directory);
        try
        {
            _catalogue = Catalogue.OpenOrMake(_directory);
            try
            {
                _catalogue.File.Execute("pragma synchronous=full"); // rare, and what it says must outlive a power cut
                _retention = new Retention(_directory, _catalogue);
                _active = Start();
                _activeSince = Now;
            }
            catch
            {
                _catalogue.Dispose();
                throw;
            }
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>The id made with the log.</summary>
    public string LogId => _catalogue.LogId;

    /// <summary>Bytes of all segments on disk.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _retention.SealedBytes + _directory.SegmentBytes(_active.Id);
            }
        }
    }

    /// <summary>
    /// Appends the entries in order: all or none. On return they outlive the process; a power cut may take the last seconds.
    /// </summary>
    /// <exception cref="LogException">
    /// The batch was not appended: the log is full and refuses (transient), the disk is full (transient), or the file is damaged.
    /// </exception>
    /// <exception cref="ArgumentException">A record is larger than <see cref="LogLimits.MaxRecordBytes"/>.</exception>
    public ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (entries.Count == 0)
        {
            return ValueTask.CompletedTask;
        }

        long bytes = Measure(entries);
        long started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                MakeRoom(bytes);
                _active.Append(entries);
            }
            catch (LogException)
            {
                LogMetrics.Refused.Add(entries.Count);
                throw;
            }
        }

        LogMetrics.Appended.Add(entries.Count);
        LogMetrics.AppendedBytes.Add(bytes);
        LogMetrics.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// What left the log unread since the last call: by <see cref="LogFullAction.DropOldest"/>, or because a segment file was missing
    /// at the start. Empty nearly always.
    /// </summary>
    public IReadOnlyList<DroppedRange> TakeDropped()
    {
        lock (_gate)
        {
            if (_dropped.Count == 0)
            {
                return [];
            }

            DroppedRange[] dropped = [.. _dropped];
            _dropped.Clear();
            return dropped;
        }
    }

    /// <summary>Brings everything to the disk and marks a clean end.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return ValueTask.CompletedTask;
            }

            _disposed = true;
            try
            {
                _active.Checkpoint();
                _catalogue.Transaction(() => _catalogue.File.Execute("update session set clean=1"));
            }
            finally
            {
                _active.Dispose();
                _catalogue.Dispose();
                _lock.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private static long Measure(IReadOnlyList<LogEntry> entries)
    {
        long bytes = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            int length = entries[i].Key.Length + entries[i].Value.Length;
            if (length > LogLimits.MaxRecordBytes)
            {
                throw new ArgumentException($"a record of {entries[i].TopicPartition} has {length} bytes; a log takes at most {LogLimits.MaxRecordBytes}", nameof(entries));
            }

            bytes += length;
        }

        return bytes;
    }

    private SegmentWriter Start()
    {
        _retention.FinishDropping();
        bool sameBoot = _catalogue.File.Scalar($"select count(*) from session where clean=1 or boot='{Boot.Id}'") > 0;
        List<long> segments = _catalogue.Segments();
        bool newestMissing = segments.Count > 0 && !File.Exists(_directory.Segment(segments[^1]));
        Report(_retention.ForgetMissing());
        segments = _catalogue.Segments();

        _catalogue.Transaction(() => _catalogue.File.Execute(
            $"delete from session; insert into session values('{Boot.Id}', 0)"));
        if (segments.Count == 0)
        {
            return Roll(_retention.LastKnown(OffsetsSkippedAfterPowerCut));
        }

        _retention.MeasureSealed(segments);
        SegmentWriter newest = new(_directory, segments[^1], _options.SegmentBytes, _options.FlushesEachAppend);
        if (sameBoot && !newestMissing)
        {
            return newest;
        }

        using (newest)
        {
            _retention.Seal(newest);
            SegmentWriter next = Roll(newest.Partitions.Select(p => p with { Next = p.Next + OffsetsSkippedAfterPowerCut }));
            _retention.Close(newest.Id);
            return next;
        }
    }

    private SegmentWriter Roll(IEnumerable<SegmentPartition> partitions)
    {
        long id = _retention.NextSegment();
        Segment.Make(_directory, id, partitions.Select(p => p with { First = p.Next }));
        SegmentWriter writer = new(_directory, id, _options.SegmentBytes, _options.FlushesEachAppend);
        try
        {
            _retention.Register(id);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    // Milliseconds of a clock that does not step.
    private long Now => (long)_options.Clock.GetElapsedTime(0).TotalMilliseconds;

    private void MakeRoom(long bytes)
    {
        long active = _directory.SegmentBytes(_active.Id);
        long now = Now;
        bool old = now - _activeSince >= _options.SegmentAge.TotalMilliseconds && !_active.IsEmpty;
        if (_active.Bytes >= _options.SegmentBytes || old)
        {
            Rotate();
            active = _directory.SegmentBytes(_active.Id);
            _nextReclaim = now;
        }

        bool full = _retention.SealedBytes + active + bytes > _options.MaxBytes;
        if (now >= _nextReclaim || full)
        {
            _nextReclaim = now + 1000;
            _retention.DropRead();
            full = _retention.SealedBytes + active + bytes > _options.MaxBytes;
        }

        while (full && _options.WhenFull == LogFullAction.DropOldest && _retention.DropOldest() is { } dropped)
        {
            Report(dropped);
            full = _retention.SealedBytes + active + bytes > _options.MaxBytes;
        }

        if (full)
        {
            throw new LogException(
                $"the log in {_directory.Root} is full ({_options.MaxBytes} bytes) and not everything in it was read: see that the sink or the forwarder runs, or raise the limit",
                isTransient: true);
        }
    }

    private void Rotate()
    {
        SegmentWriter full = _active;
        full.Checkpoint();
        _retention.Seal(full);
        _active = Roll(full.Partitions);
        _activeSince = Now;
        _retention.Close(full.Id);
        full.Dispose();
    }

    private void Report(IReadOnlyList<DroppedRange> dropped)
    {
        _dropped.AddRange(dropped);
        foreach (DroppedRange range in dropped)
        {
            LogMetrics.Dropped.Add(range.Records);
        }
    }
}
