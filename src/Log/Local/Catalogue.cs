using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>
/// The catalogue file: the log's id, its segments, consumer groups. One object is one connection; its owner serialises calls.
/// </summary>
internal sealed class Catalogue : IDisposable
{
    public const int Version = 1;

    private const string Schema = """
        create table log(id text not null);
        create table session(boot text not null, clean integer not null);
        create table segment(id integer primary key, made integer not null, dropping integer not null default 0);
        create table extent(segment integer not null, topic text not null, partition integer not null,
            first integer not null, next integer not null, primary key(segment, topic, partition)) without rowid;
        create table subscription(reader text not null, topic text not null, primary key(reader, topic)) without rowid;
        create table member(reader text not null, id text not null, topics text not null, boot text not null, expires integer not null,
            primary key(reader, id)) without rowid;
        create table lease(reader text not null, topic text not null, partition integer not null, member text not null,
            epoch integer not null, primary key(reader, topic, partition)) without rowid;
        create table position(reader text not null, topic text not null, partition integer not null, next integer not null,
            primary key(reader, topic, partition)) without rowid;
        create table route(target text not null, topic text not null, partitions integer not null,
            primary key(target, topic)) without rowid;
        """;

    private readonly Statement _dataVersion;

    private Catalogue(SqliteFile file)
    {
        File = file;
        try
        {
            using Statement id = file.Prepare("select id from log");
            LogId = id.Step() ? id.Text(0) : throw file.Corrupt("it has no log id");
            _dataVersion = file.Prepare("pragma data_version");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public SqliteFile File { get; }

    public string LogId { get; }

    /// <summary>A number that changes when another connection changed the file.</summary>
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

    /// <summary>Opens the catalogue of an existing log.</summary>
    public static Catalogue Open(LogDirectory directory)
    {
        try
        {
            _ = System.IO.File.GetAttributes(directory.Catalogue);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LogException($"there is no log in {directory.Root} yet: start `ecapture capture` with it, or check the address", isTransient: true, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogException(
                $"the log in {directory.Root} may not be read by this user ({e.Message}): is this user in the group that owns the directory?", isTransient: false, e);
        }

        return new Catalogue(SqliteFile.OpenChecked(directory.Catalogue, Version));
    }

    /// <summary>Opens the catalogue, and makes it first where there is none. The caller holds the writer's lock.</summary>
    public static Catalogue OpenOrMake(LogDirectory directory)
    {
        if (!System.IO.File.Exists(directory.Catalogue))
        {
            // Made aside and renamed: whoever sees the name sees a whole catalogue.
            string aside = directory.Catalogue + "." + Guid.NewGuid().ToString("N");
            directory.MakeFile(aside);
            using (SqliteFile file = SqliteFile.Open(aside))
            {
                file.Execute("pragma journal_mode=delete; begin");
                file.Execute($"pragma application_id={SqliteFile.ApplicationId}; pragma user_version={Version}");
                file.Execute(Schema);
                file.Execute($"insert into log values('{Guid.CreateVersion7():D}'); commit");
                file.Execute("pragma journal_mode=wal");
            }

            System.IO.File.Move(aside, directory.Catalogue, overwrite: false);
        }

        return Open(directory);
    }

    /// <summary>Ids of the segments, oldest first.</summary>
    public List<long> Segments()
    {
        using Statement query = File.Prepare("select id from segment where dropping=0 order by id");
        List<long> ids = [];
        while (query.Step())
        {
            ids.Add(query.Long(0));
        }

        return ids;
    }

    /// <summary>Records of closed segments from an offset on; offsets between segments may have gaps.</summary>
    public long SealedRecords(TopicPartition partition, long from)
    {
        using Statement query = File.Prepare("""
            select coalesce(sum(next - max(first, ?3)), 0) from extent
            where topic=?1 and partition=?2 and next>?3 and segment in (select id from segment where dropping=0)
            """);
        query.Bind(1, partition.Topic).Bind(2, partition.Partition).Bind(3, from);
        return query.Step() ? query.Long(0) : 0;
    }

    /// <summary>How many partitions a topic of another log had when its streams were laid onto it; null when that is not settled.</summary>
    public int? Route(string target, string topic)
    {
        using Statement query = File.Prepare("select partitions from route where target=?1 and topic=?2");
        query.Bind(1, target).Bind(2, topic);
        return query.Step() ? (int)query.Long(0) : null;
    }

    public void SetRoute(string target, string topic, int partitions) => Transaction(() =>
    {
        using Statement insert = File.Prepare("insert or replace into route(target, topic, partitions) values(?1, ?2, ?3)");
        insert.Bind(1, target).Bind(2, topic).Bind(3, partitions).Run();
    });

    /// <summary>Runs <paramref name="work"/> in one transaction.</summary>
    public void Transaction(Action work)
    {
        File.Execute("begin immediate");
        try
        {
            work();
            File.Execute("commit");
        }
        catch
        {
            File.Rollback();
            throw;
        }
    }

    public void Dispose()
    {
        _dataVersion.Dispose();
        File.Dispose();
    }
}
