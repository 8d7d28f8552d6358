using SQLitePCL;

namespace ECapture.Log.Local.Sqlite;

/// <summary>A prepared statement; parameters count from 1, columns from 0.</summary>
internal sealed class Statement(SqliteFile file, sqlite3_stmt statement) : IDisposable
{
    public Statement Bind(int index, long value)
    {
        file.Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    public Statement Bind(int index, string value)
    {
        file.Check(raw.sqlite3_bind_text(statement, index, value));
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        file.Check(raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    /// <summary>True when there is a row.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(statement);
        file.Check(code);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>Runs to the end and makes the statement ready again.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Ends the statement's read transaction; its error, if any, was reported by <see cref="Step"/>.</summary>
    public void Reset() => _ = raw.sqlite3_reset(statement);

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => statement.Dispose();
}
