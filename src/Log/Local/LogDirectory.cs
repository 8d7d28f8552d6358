using System.Globalization;

namespace ECapture.Log.Local;

/// <summary>The files of a local log and their permissions.</summary>
internal sealed class LogDirectory
{
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode SharedFile = PrivateFile | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;
    private const UnixFileMode SharedDirectory = SharedFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    private readonly uint? _group;

    public LogDirectory(string path, string? group = null)
    {
        Root = Path.GetFullPath(path);
        _group = group is null ? null : UnixGroup.Resolve(group);
    }

    public string Root { get; }

    public string Catalogue => Path.Combine(Root, "catalogue.db");

    public string WriterLock => Path.Combine(Root, "writer.lock");

    public string Segment(long id) => Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"segment-{id:D10}.db"));

    /// <summary>Makes the directory, or brings its permissions up to the options.</summary>
    public void Make()
    {
        try
        {
            Directory.CreateDirectory(Root, PrivateDirectory);
            if (_group is { } group)
            {
                UnixGroup.Give(Root, group);
                File.SetUnixFileMode(Root, SharedDirectory);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogException($"the log's directory {Root} cannot be made ({e.Message}): choose another, or run as a user who may", isTransient: false, e);
        }
    }

    /// <summary>Makes an empty file with the log's permissions; fails when anything, also a link, has that name.</summary>
    public void MakeFile(string path)
    {
        try
        {
            using FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = PrivateFile,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogException($"{path} cannot be made ({e.Message})", isTransient: e is not UnauthorizedAccessException, e);
        }

        Share(path);
    }

    /// <summary>Gives a file that this user owns to the log's group.</summary>
    public void Share(string path)
    {
        if (_group is { } group)
        {
            UnixGroup.Give(path, group);
            File.SetUnixFileMode(path, SharedFile);
        }
    }

    /// <summary>Removes a segment's files; readers that have them open keep what they have.</summary>
    public void DeleteSegment(long id)
    {
        string path = Segment(id);
        File.Delete(path);
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
    }

    /// <summary>Bytes of a segment on disk with its write-ahead log.</summary>
    public long SegmentBytes(long id)
    {
        string path = Segment(id);
        return Length(path) + Length(path + "-wal");
    }

    private static long Length(string path)
    {
        FileInfo file = new(path);
        return file.Exists ? file.Length : 0;
    }
}
