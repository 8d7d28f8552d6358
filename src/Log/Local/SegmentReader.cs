using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>Reads blocks of one segment.</summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly SqliteFile _file;
    private readonly Statement _covering;
    private readonly Statement _following;
    private readonly Statement _dataVersion;
    private Dictionary<TopicPartition, SegmentPartition> _partitions = [];

    public SegmentReader(LogDirectory directory, long id)
    {
        Id = id;
        _file = Segment.Open(directory, id);
        try
        {
            _covering = _file.Prepare("select first, records, crc, data from block where partition=?1 and first<=?2 order by first desc limit 1");
            _following = _file.Prepare("select first, records, crc, data from block where partition=?1 and first>?2 order by first limit 1");
            _dataVersion = _file.Prepare("pragma data_version");
            Refresh();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public long Id { get; }

    /// <summary>As of the last refresh.</summary>
    public IReadOnlyDictionary<TopicPartition, SegmentPartition> Partitions => _partitions;

    /// <summary>A number that changes with every append.</summary>
    public long DataVersion
    {
        get
        {
            _dataVersion.Step();
            long version = _dataVersion.Long(0);
            _dataVersion.Reset();
            return version;
        }
    }

    public void Refresh() => _partitions = Segment.Partitions(_file).ToDictionary(p => p.Partition);

    /// <summary>Adds the records from <paramref name="next"/> on to the batch, whole blocks until it is full.</summary>
    /// <returns>The offset after the last record added; <paramref name="next"/> when this segment has no more.</returns>
    public long Read(long partition, long next, ReadBatch batch)
    {
        long position = next;
        bool first = true;
        while (!batch.IsFull)
        {
            Statement statement = first ? _covering : _following;
            statement.Bind(1, partition).Bind(2, first ? position : position - 1);
            try
            {
                bool found = statement.Step();
                if (found)
                {
                    long from = statement.Long(0);
                    long records = statement.Long(1);
                    if (from + records > position)
                    {
                        Add(batch, from, records, (uint)statement.Long(2), statement.Blob(3), position);
                        position = from + records;
                    }
                    else
                    {
                        found = false;
                    }
                }

                if (!found && !first)
                {
                    return position;
                }
            }
            finally
            {
                statement.Reset();
            }

            first = false;
        }

        return position;
    }

    public void Dispose()
    {
        _covering.Dispose();
        _following.Dispose();
        _dataVersion.Dispose();
        _file.Dispose();
    }

    private void Add(ReadBatch batch, long first, long records, uint crc, ReadOnlySpan<byte> data, long from)
    {
        if (Block.Checksum(data) != crc)
        {
            throw _file.Corrupt(FormattableString.Invariant($"the block at offset {first} does not have its checksum"));
        }

        if (!batch.TryAdd(first, records, data, from))
        {
            throw _file.Corrupt(FormattableString.Invariant($"the block at offset {first} is not one"));
        }
    }
}
