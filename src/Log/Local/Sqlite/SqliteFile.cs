using SQLitePCL;

namespace ECapture.Log.Local.Sqlite;

/// <summary>
/// One connection to one SQLite file, used by one thread at a time. Every failure becomes a <see cref="LogException"/> that
/// names the file.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    /// <summary>"ECLG": tells this program's files from other SQLite files.</summary>
    public const int ApplicationId = 0x45434C47;

    // A user who shares the directory must not redirect a privileged writer by a symbolic link.
    private const int OpenNoFollow = 0x01000000;
    private const int BusyMilliseconds = 5000;

    private readonly sqlite3 _db;

    static SqliteFile() => Batteries_V2.Init();

    private SqliteFile(string path, sqlite3 db)
    {
        Path = path;
        _db = db;
    }

    public string Path { get; }

    /// <summary>Rows that the last insert, update or delete touched.</summary>
    public int Changes => raw.sqlite3_changes(_db);

    /// <summary>Opens an existing file.</summary>
    public static SqliteFile Open(string path)
    {
        int code = raw.sqlite3_open_v2(path, out sqlite3 db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | OpenNoFollow, null);
        SqliteFile file = new(path, db);
        try
        {
            file.Check(code);
            file.Check(raw.sqlite3_busy_timeout(db, BusyMilliseconds));
            // The schema is ours and calls nothing; a file that says otherwise was tampered with.
            file.Execute("pragma trusted_schema=off; pragma cell_size_check=on; pragma synchronous=normal");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens an existing file and checks that it is this program's, of the given kind.</summary>
    /// <param name="path">The file.</param>
    /// <param name="version">What <c>user_version</c> must be.</param>
    public static SqliteFile OpenChecked(string path, int version)
    {
        SqliteFile file = Open(path);
        try
        {
            long id = file.Scalar("pragma application_id");
            if (id != ApplicationId)
            {
                throw new LogException($"{path} is an SQLite file, but not of an ecapture log: move it away, or choose another directory", isTransient: false);
            }

            long found = file.Scalar("pragma user_version");
            if (found != version)
            {
                throw new LogException($"{path} has format {found}, this version reads {version}: use the version of ecapture that wrote it, or choose another directory", isTransient: false);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql, null, IntPtr.Zero, out _));

    public Statement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out sqlite3_stmt statement));
        return new Statement(this, statement);
    }

    /// <summary>The first column of the first row, as a number; 0 without a row.</summary>
    public long Scalar(string sql)
    {
        using Statement statement = Prepare(sql);
        return statement.Step() ? statement.Long(0) : 0;
    }

    /// <summary>Undoes the open transaction, if there is one; what made it fail may already have undone it.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_db) == 0)
        {
            Execute("rollback");
        }
    }

    public void Dispose() => _db.Dispose();

    internal void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw Failure(code);
        }
    }

    private LogException Failure(int code)
    {
        string why = raw.sqlite3_errmsg(_db).utf8_to_string();
        return (code & 0xff) switch
        {
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Corrupt(why),
            raw.SQLITE_FULL => new LogException($"{Path} cannot grow ({why}): free space on its disk", isTransient: true),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new LogException($"{Path} stayed locked for {BusyMilliseconds / 1000} s by another process that uses the log", isTransient: true),
            raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_READONLY or raw.SQLITE_AUTH => new LogException(
                $"{Path} cannot be opened for writing ({why}): is this user in the group that owns the log's directory?", isTransient: false),
            raw.SQLITE_ERROR => Corrupt(why),
            int other => new LogException($"{Path}: SQLite failed ({why}, code {code})", other is raw.SQLITE_IOERR or raw.SQLITE_NOMEM),
        };
    }

    /// <summary>The error for bytes that this program did not write.</summary>
    public LogException Corrupt(string why) =>
        new($"{Path} cannot be read as a part of a log ({why}): move it out of its directory and start again; what it held will be missing and shown as missing", isTransient: false);
}
