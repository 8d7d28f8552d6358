using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>Which segments there are, what they hold, and which of them may go. Used by the writer alone.</summary>
internal sealed class Retention(LogDirectory directory, Catalogue catalogue)
{
    private readonly SortedDictionary<long, long> _sealed = [];

    /// <summary>Bytes of the closed segments.</summary>
    public long SealedBytes { get; private set; }

    public void MeasureSealed(List<long> segments)
    {
        foreach (long id in segments.SkipLast(1))
        {
            Close(id);
        }
    }

    /// <summary>A number that no segment file, also none that was left behind, has.</summary>
    public long NextSegment()
    {
        long id = Math.Max(
            catalogue.File.Scalar("select coalesce(max(id), 0) from segment"),
            catalogue.File.Scalar("select coalesce(max(segment), 0) from extent")) + 1;
        while (new FileInfo(directory.Segment(id)) is var file && (file.Exists || file.LinkTarget is not null))
        {
            id++;
        }

        return id;
    }

    public void Register(long id) => catalogue.Transaction(() =>
    {
        using Statement insert = catalogue.File.Prepare("insert into segment(id, made) values(?1, ?2)");
        insert.Bind(1, id).Bind(2, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()).Run();
    });

    /// <summary>Notes what a segment holds that is about to be closed.</summary>
    public void Seal(SegmentWriter segment) => catalogue.Transaction(() =>
    {
        using Statement insert = catalogue.File.Prepare("insert or replace into extent values(?1, ?2, ?3, ?4, ?5)");
        foreach (SegmentPartition p in segment.Partitions)
        {
            insert.Bind(1, segment.Id).Bind(2, p.Partition.Topic).Bind(3, p.Partition.Partition).Bind(4, p.First).Bind(5, p.Next).Run();
        }
    });

    /// <summary>Counts a segment that has a successor.</summary>
    public void Close(long id)
    {
        long bytes = directory.SegmentBytes(id);
        _sealed.Add(id, bytes);
        SealedBytes += bytes;
    }

    /// <summary>Drops the oldest segments that every group which subscribed to their topics has read. Nothing while there is no group.</summary>
    public void DropRead()
    {
        if (_sealed.Count == 0 || catalogue.File.Scalar("select count(*) from subscription") == 0)
        {
            return;
        }

        using Statement unread = Unread();
        foreach (long id in _sealed.Keys.ToArray())
        {
            unread.Bind(1, id);
            bool behind = unread.Step();
            unread.Reset();
            if (behind)
            {
                return;
            }

            Drop(id);
        }
    }

    /// <summary>Drops the oldest closed segment; null when there is none.</summary>
    /// <returns>What had not been read.</returns>
    public List<DroppedRange>? DropOldest()
    {
        if (_sealed.Count == 0)
        {
            return null;
        }

        long id = _sealed.Keys.First();
        List<DroppedRange> lost = Lost(id, "the log was full");
        Drop(id);
        return lost;
    }

    /// <summary>Ends what a crash interrupted.</summary>
    public void FinishDropping()
    {
        List<long> ids = [];
        using (Statement query = catalogue.File.Prepare("select id from segment where dropping=1"))
        {
            while (query.Step())
            {
                ids.Add(query.Long(0));
            }
        }

        ids.ForEach(Remove);
    }

    /// <summary>Forgets segments whose files somebody took away.</summary>
    /// <returns>What had not been read, as far as it is known: what the newest segment held is not.</returns>
    public List<DroppedRange> ForgetMissing()
    {
        List<DroppedRange> lost = [];
        foreach (long id in catalogue.Segments().Where(id => !File.Exists(directory.Segment(id))))
        {
            lost.AddRange(Lost(id, $"{directory.Segment(id)} was missing"));
            // Its extent stays: it tells where offsets go on.
            catalogue.Transaction(() => catalogue.File.Execute(FormattableString.Invariant($"delete from segment where id={id}")));
        }

        return lost;
    }

    /// <summary>Where partitions go on when no segment is left; past everything that may have been read.</summary>
    public List<SegmentPartition> LastKnown(long margin)
    {
        using Statement query = catalogue.File.Prepare("""
            select topic, partition, max(next) from
                (select topic, partition, next from extent union all select topic, partition, next from position)
            group by topic, partition
            """);
        List<SegmentPartition> partitions = [];
        while (query.Step())
        {
            partitions.Add(new SegmentPartition(
                partitions.Count + 1, new TopicPartition(query.Text(0), (int)query.Long(1)), 0, query.Long(2) + margin));
        }

        return partitions;
    }

    private List<DroppedRange> Lost(long id, string reason)
    {
        using Statement unread = Unread();
        unread.Bind(1, id);
        List<DroppedRange> lost = [];
        while (unread.Step())
        {
            lost.Add(new DroppedRange(
                new TopicPartition(unread.Text(0), (int)unread.Long(1)), unread.Long(2), unread.Long(3), reason));
        }

        return lost;
    }

    // Per partition of the segment that some group has not read to its end: from where to where. Without any group, all of it.
    private Statement Unread() => catalogue.File.Prepare("""
        with needed as (
            select e.topic, e.partition, e.first, e.next,
                case when exists(select 1 from subscription)
                    then (select min(coalesce(p.next, 0)) from subscription s
                        left join position p on p.reader = s.reader and p.topic = e.topic and p.partition = e.partition
                        where s.topic = e.topic)
                    else 0 end as read
            from extent e where e.segment = ?1)
        select topic, partition, max(first, read), next from needed where read < next and first < next
        """);

    private void Drop(long id)
    {
        catalogue.Transaction(() => catalogue.File.Execute(FormattableString.Invariant($"update segment set dropping=1 where id={id}")));
        Remove(id);
        SealedBytes -= _sealed[id];
        _sealed.Remove(id);
    }

    private void Remove(long id)
    {
        directory.DeleteSegment(id);
        catalogue.Transaction(() => catalogue.File.Execute(FormattableString.Invariant(
            $"delete from extent where segment={id}; delete from segment where id={id}")));
    }
}
