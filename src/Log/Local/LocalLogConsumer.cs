using System.Diagnostics;

namespace ECapture.Log.Local;

/// <summary>
/// A member of a consumer group of a local log. It may run in another process and as another user than the writer. Deliveries share
/// one buffer, so nothing is allocated per record.
/// </summary>
public sealed class LocalLogConsumer : ILogConsumer
{
    // After a second without anything the polls become rarer: an idle host is not kept awake for nothing.
    private const int PollsBeforeRest = 50;
    private const long DeferMilliseconds = 500;
    private static readonly TimeSpan RestingPoll = TimeSpan.FromMilliseconds(50);

    private readonly LocalConsumerOptions _options;
    private readonly Catalogue _catalogue;
    private readonly Catalogue _memberCatalogue;
    private readonly SegmentSet _segments;
    private readonly GroupMembership _membership;
    private readonly ReadBatch _batch;
    private readonly List<Reading> _readings = [];
    private int _turn;
    private int _knownPartitions = -1;
    private int _emptyPolls;
    private bool _mayHaveRecords;
    private bool _hasDeferred;
    private long _nextCommit;
    private bool _disposed;

    internal LocalLogConsumer(string directory, string group, IReadOnlyCollection<string> topics, LocalConsumerOptions options)
    {
        options.Validate();
        ArgumentException.ThrowIfNullOrWhiteSpace(group);
        if (topics.Count == 0 || topics.Any(t => t.Length == 0 || t.Contains(' ', StringComparison.Ordinal)))
        {
            throw new ArgumentException("a consumer needs at least one topic, and topics have no spaces", nameof(topics));
        }

        _options = options;
        _batch = new ReadBatch(options.DeliveryBytes);
        LogDirectory log = new(directory);
        _catalogue = Catalogue.Open(log);
        try
        {
            _memberCatalogue = Catalogue.Open(log);
            try
            {
                _segments = new SegmentSet(log, _catalogue);
                _membership = new GroupMembership(_memberCatalogue, group, topics, options.Lease);
            }
            catch
            {
                _memberCatalogue.Dispose();
                throw;
            }
        }
        catch
        {
            _catalogue.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string LogId => _catalogue.LogId;

    /// <inheritdoc/>
    public async ValueTask<Delivery> ReceiveAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (Next() is { } delivery)
            {
                _emptyPolls = 0;
                return delivery;
            }

            TimeSpan left = wait - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return new Delivery(DeliveryKind.None, default, default);
            }

            TimeSpan poll = ++_emptyPolls > PollsBeforeRest && _options.Poll < RestingPoll ? RestingPoll : _options.Poll;
            await Task.Delay(left < poll ? left : poll, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Seek(TopicPartition partition, long offset)
    {
        if (Find(partition) is { } reading)
        {
            reading.Next = offset >= 0 ? offset : _membership.Position(partition) ?? 0;
            reading.Segment = -1;
            reading.IsPlaced = true;
            _mayHaveRecords = true;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A commit for a partition that has gone to another member changes nothing; its loss is delivered. One that the log cannot take now (its disk
    /// is full, another process holds it) is made again until it is taken: it only says what may be dropped, and reading goes on meanwhile.
    /// </remarks>
    public void Commit(TopicPartition partition, long nextOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nextOffset);
        if (Find(partition) is { } reading)
        {
            reading.Uncommitted = nextOffset;
            Commit(reading);
        }
        else
        {
            LogMetrics.Fenced.Add(1);
        }
    }

    /// <inheritdoc/>
    public void Pause(TopicPartition partition) => SetPaused(partition, true);

    /// <inheritdoc/>
    public void Resume(TopicPartition partition) => SetPaused(partition, false);

    /// <inheritdoc/>
    public ValueTask<(long First, long Next)> GetBoundsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _mayHaveRecords |= _segments.Refresh();
        long first = _segments.Locate(partition, 0) is var oldest && oldest >= 0 && _segments.TryOpen(oldest) is { } reader
            ? reader.Partitions[partition].First
            : 0;
        long next = _segments.Newest?.Partitions.GetValueOrDefault(partition).Next ?? 0;
        return ValueTask.FromResult((first, Math.Max(first, next)));
    }

    /// <summary>How many records a partition holds from an offset on; unlike a difference of offsets it knows of their gaps.</summary>
    public long CountFrom(TopicPartition partition, long offset)
    {
        _mayHaveRecords |= _segments.Refresh();
        long count = 0;
        if (_segments.Newest is { } newest && newest.Partitions.TryGetValue(partition, out SegmentPartition last))
        {
            count = Math.Max(0, last.Next - Math.Max(last.First, offset));
        }

        return count + _catalogue.SealedRecords(partition, offset);
    }

    /// <summary>Leaves the group at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        CommitDeferred();
        await _membership.DisposeAsync();
        _memberCatalogue.Dispose();
        _segments.Dispose();
        _catalogue.Dispose();
    }

    /// <summary>The group's committed offset; 0 when it has none.</summary>
    public long Position(TopicPartition partition) => _membership.Position(partition) ?? 0;

    internal int? Route(string target, string topic) => _catalogue.Route(target, topic);

    internal void SetRoute(string target, string topic, int partitions) => _catalogue.SetRoute(target, topic, partitions);

    private void Commit(Reading reading)
    {
        try
        {
            if (!_membership.Commit(reading.Partition, reading.Epoch, reading.Uncommitted))
            {
                LogMetrics.Fenced.Add(1);
            }

            reading.Uncommitted = -1;
        }
        catch (LogException e) when (e.IsTransient)
        {
            LogMetrics.CommitsDeferred.Add(1);
            _hasDeferred = true;
            _nextCommit = Boot.Now + DeferMilliseconds;
        }
    }

    private void CommitDeferred()
    {
        if (_hasDeferred)
        {
            _hasDeferred = false;
            foreach (Reading reading in _readings.Where(reading => reading.Uncommitted >= 0))
            {
                Commit(reading);
            }
        }
    }

    private Delivery? Next()
    {
        if (_hasDeferred && Boot.Now >= _nextCommit)
        {
            CommitDeferred();
        }

        if (_segments.Refresh())
        {
            _mayHaveRecords = true;
            IReadOnlyDictionary<TopicPartition, SegmentPartition>? partitions = _segments.Newest?.Partitions;
            if (partitions is not null && partitions.Count != _knownPartitions)
            {
                _membership.SetPartitions(partitions.Keys);
                _knownPartitions = partitions.Count;
            }
        }

        if (_membership.TryTakeChange(out OwnershipChange change))
        {
            return Apply(change);
        }

        if (!_mayHaveRecords)
        {
            return null;
        }

        // Each partition in turn: a busy one does not starve the others.
        for (int i = 0; i < _readings.Count; i++)
        {
            Reading reading = _readings[_turn++ % _readings.Count];
            if (reading is { IsPlaced: true, IsPaused: false } && Read(reading))
            {
                LogMetrics.Read.Add(_batch.Records.Length);
                return new Delivery(DeliveryKind.Records, reading.Partition, _batch.Records);
            }
        }

        _mayHaveRecords = false;
        return null;
    }

    private Delivery Apply(OwnershipChange change)
    {
        _readings.RemoveAll(r => r.Partition == change.Partition);
        if (change.Assigned)
        {
            _readings.Add(new Reading(change.Partition, change.Epoch));
        }

        return new Delivery(change.Assigned ? DeliveryKind.Assigned : DeliveryKind.Revoked, change.Partition, default);
    }

    private bool Read(Reading reading)
    {
        _batch.Clear();
        while (true)
        {
            if (reading.Segment < 0 || _segments.TryOpen(reading.Segment) is not { } segment)
            {
                reading.Segment = _segments.Locate(reading.Partition, reading.Next);
                if (reading.Segment < 0 || (segment = _segments.TryOpen(reading.Segment)) is null)
                {
                    return false;
                }
            }

            if (segment.Partitions.TryGetValue(reading.Partition, out SegmentPartition known))
            {
                if (reading.Next < known.First)
                {
                    LogMetrics.Skipped.Add(known.First - reading.Next);
                    reading.Next = known.First;
                }

                long next = segment.Read(known.Id, reading.Next, _batch);
                if (next > reading.Next)
                {
                    reading.Next = next;
                    return true;
                }
            }

            // The list of segments is older than this read: whoever has a successor in it was complete when it was read.
            long after = _segments.After(reading.Segment);
            if (after < 0)
            {
                return false;
            }

            reading.Segment = after;
        }
    }

    private void SetPaused(TopicPartition partition, bool paused)
    {
        if (Find(partition) is { } reading)
        {
            reading.IsPaused = paused;
            _mayHaveRecords = true;
        }
    }

    private Reading? Find(TopicPartition partition) => _readings.Find(r => r.Partition == partition);

    private sealed class Reading(TopicPartition partition, long epoch)
    {
        public TopicPartition Partition { get; } = partition;

        public long Epoch { get; } = epoch;

        public long Next { get; set; }

        public long Segment { get; set; } = -1;

        /// <summary>What the caller committed and the log does not know yet; -1: nothing.</summary>
        public long Uncommitted { get; set; } = -1;

        public bool IsPlaced { get; set; }

        public bool IsPaused { get; set; }
    }
}
