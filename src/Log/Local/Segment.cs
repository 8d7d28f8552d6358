using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>A partition as a segment knows it.</summary>
/// <param name="Id">Its number in this segment.</param>
/// <param name="Partition">Its name.</param>
/// <param name="First">The offset at which it goes on in this segment.</param>
/// <param name="Next">The offset after its last record in this segment.</param>
internal readonly record struct SegmentPartition(long Id, TopicPartition Partition, long First, long Next);

/// <summary>
/// A segment file. Each new one names every partition met so far with the offset at which it goes on, so the newest alone tells
/// where the log ends.
/// </summary>
internal static class Segment
{
    public const int Version = 1;

    /// <summary>Twice the append rate of 4 KiB pages for blocks of this size (measured).</summary>
    public const int PageBytes = 16 * 1024;

    private const string Schema = """
        create table partition(id integer primary key, topic text not null, partition integer not null, first integer not null,
            unique(topic, partition));
        create table block(partition integer not null, first integer not null, records integer not null, crc integer not null,
            data blob not null);
        create index block_of_partition on block(partition, first);
        """;

    /// <summary>Makes the file with the given partitions.</summary>
    public static void Make(LogDirectory directory, long id, IEnumerable<SegmentPartition> partitions)
    {
        string path = directory.Segment(id);
        directory.MakeFile(path);
        using SqliteFile file = SqliteFile.Open(path);
        // To the disk before the catalogue names it: an empty newest segment would stop the next start after a power cut.
        file.Execute($"pragma synchronous=full; pragma page_size={PageBytes}; pragma journal_mode=wal; begin");
        file.Execute($"pragma application_id={SqliteFile.ApplicationId}; pragma user_version={Version}");
        file.Execute(Schema);
        using (Statement insert = file.Prepare("insert into partition(id, topic, partition, first) values(?1, ?2, ?3, ?4)"))
        {
            foreach (SegmentPartition p in partitions)
            {
                insert.Bind(1, p.Id).Bind(2, p.Partition.Topic).Bind(3, p.Partition.Partition).Bind(4, p.First).Run();
            }
        }

        file.Execute("commit");
    }

    public static SqliteFile Open(LogDirectory directory, long id) => SqliteFile.OpenChecked(directory.Segment(id), Version);

    /// <summary>Every partition that the segment names, in the order in which they were met.</summary>
    public static List<SegmentPartition> Partitions(SqliteFile file)
    {
        using Statement query = file.Prepare("""
            select id, topic, partition, first,
                coalesce((select b.first + b.records from block b where b.partition = p.id order by b.first desc limit 1), first)
            from partition p order by id
            """);
        List<SegmentPartition> partitions = [];
        while (query.Step())
        {
            partitions.Add(new SegmentPartition(
                query.Long(0), new TopicPartition(query.Text(1), checked((int)query.Long(2))), query.Long(3), query.Long(4)));
        }

        return partitions;
    }
}
