using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>Appends to the newest segment, a batch in a transaction.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly SqliteFile _file;
    private readonly string _synchronous;
    private readonly Statement _insertBlock;
    private readonly Statement _insertPartition;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _pages;
    private readonly Dictionary<TopicPartition, Stream> _streams = [];
    private readonly List<Stream> _touched = [];

    /// <param name="directory">The log.</param>
    /// <param name="id">Which segment.</param>
    /// <param name="segmentBytes">At which size segments are closed.</param>
    /// <param name="flushesEachAppend">True: a commit waits for the disk.</param>
    public SegmentWriter(LogDirectory directory, long id, long segmentBytes, bool flushesEachAppend)
    {
        Id = id;
        _synchronous = flushesEachAppend ? "full" : "normal";
        _file = Segment.Open(directory, id);
        try
        {
            _file.Execute("pragma synchronous=" + _synchronous);
            // The write-ahead log counts as much as the file does: it stays a small part of a segment, and 16 MiB at most.
            _file.Execute(FormattableString.Invariant($"pragma wal_autocheckpoint={Math.Clamp(segmentBytes / Segment.PageBytes / 16, 4, 1000)}"));
            foreach (SegmentPartition p in Segment.Partitions(_file))
            {
                _streams.Add(p.Partition, new Stream(p.Id, p.Partition, p.First) { Next = p.Next, IsStored = true });
            }

            _insertBlock = _file.Prepare("insert into block(partition, first, records, crc, data) values(?1, ?2, ?3, ?4, ?5)");
            _insertPartition = _file.Prepare("insert into partition(id, topic, partition, first) values(?1, ?2, ?3, ?4)");
            _begin = _file.Prepare("begin immediate");
            _commit = _file.Prepare("commit");
            _pages = _file.Prepare("pragma page_count");
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public long Id { get; }

    public bool IsEmpty => _streams.Values.All(s => s.Next == s.First);

    /// <summary>Bytes of its pages, also of those that are only in the write-ahead log yet.</summary>
    public long Bytes
    {
        get
        {
            _pages.Step();
            long bytes = _pages.Long(0) * Segment.PageBytes;
            _pages.Reset();
            return bytes;
        }
    }

    public IEnumerable<SegmentPartition> Partitions =>
        _streams.Values.OrderBy(s => s.Id).Select(s => new SegmentPartition(s.Id, s.Partition, s.First, s.Next));

    /// <summary>Appends all or nothing.</summary>
    public void Append(IReadOnlyList<LogEntry> entries)
    {
        _begin.Run();
        try
        {
            Stream? stream = null;
            for (int i = 0; i < entries.Count; i++)
            {
                LogEntry entry = entries[i];
                if (stream is null || stream.Partition != entry.TopicPartition)
                {
                    stream = StreamOf(entry.TopicPartition);
                }

                if (stream.Builder.IsFullFor(entry.Key.Length + entry.Value.Length))
                {
                    Store(stream);
                }

                stream.Builder.Add(entry.Key.Span, entry.Value.Span);
            }

            foreach (Stream touched in _touched)
            {
                Store(touched);
            }

            _commit.Run();
        }
        catch
        {
            _file.Rollback();
            foreach (Stream touched in _touched)
            {
                touched.Builder.Clear();
                touched.Staged = touched.Next;
                if (!touched.IsStored)
                {
                    _streams.Remove(touched.Partition);
                }
            }

            _touched.Clear();
            throw;
        }

        foreach (Stream touched in _touched)
        {
            touched.Next = touched.Staged;
            touched.IsStored = true;
        }

        _touched.Clear();
    }

    /// <summary>Moves the write-ahead log into the file as far as readers allow, and to the disk.</summary>
    public void Checkpoint() => _file.Execute("pragma synchronous=full; pragma wal_checkpoint(truncate); pragma synchronous=" + _synchronous);

    public void Dispose()
    {
        _insertBlock.Dispose();
        _insertPartition.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _pages.Dispose();
        _file.Dispose();
    }

    private Stream StreamOf(TopicPartition partition)
    {
        if (!_streams.TryGetValue(partition, out Stream? stream))
        {
            stream = new Stream(_streams.Count + 1, partition, 0);
            _streams.Add(partition, stream);
            _touched.Add(stream); // before the insert: if that fails, the stream is forgotten
            _insertPartition.Bind(1, stream.Id).Bind(2, partition.Topic).Bind(3, partition.Partition).Bind(4, 0).Run();
        }
        else if (stream.Builder.Records == 0 && stream.Staged == stream.Next && !_touched.Contains(stream))
        {
            _touched.Add(stream);
        }

        return stream;
    }

    private void Store(Stream stream)
    {
        BlockBuilder builder = stream.Builder;
        if (builder.Records == 0)
        {
            return;
        }

        _insertBlock.Bind(1, stream.Id).Bind(2, stream.Staged).Bind(3, builder.Records)
            .Bind(4, Block.Checksum(builder.Bytes)).Bind(5, builder.Bytes).Run();
        stream.Staged += builder.Records;
        builder.Clear();
    }

    private sealed class Stream(long id, TopicPartition partition, long first)
    {
        private long _next = first;

        public long Id { get; } = id;

        public TopicPartition Partition { get; } = partition;

        public long First { get; } = first;

        /// <summary>Offset after the last committed record.</summary>
        public long Next
        {
            get => _next;
            set => _next = Staged = value;
        }

        /// <summary>Offset after the last record of the open transaction.</summary>
        public long Staged { get; set; } = first;

        public bool IsStored { get; set; }

        public BlockBuilder Builder { get; } = new();
    }
}
