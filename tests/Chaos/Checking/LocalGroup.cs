using ECapture.Log;
using SQLitePCL;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>How far a consumer group of a local log has committed, asked without joining it.</summary>
internal static class LocalGroup
{
    public static Dictionary<TopicPartition, long> Positions(string directory, string group)
    {
        Batteries_V2.Init();
        string path = Path.Combine(directory, "catalogue.db");
        int code = raw.sqlite3_open_v2(path, out sqlite3 db, raw.SQLITE_OPEN_READWRITE, null);
        using (db)
        {
            Check(code, path);
            Check(raw.sqlite3_busy_timeout(db, 10_000), path);
            Check(raw.sqlite3_prepare_v2(db, "select topic, partition, next from position where reader=?1", out sqlite3_stmt statement), path);
            using (statement)
            {
                Check(raw.sqlite3_bind_text(statement, 1, group), path);
                Dictionary<TopicPartition, long> positions = [];
                while (raw.sqlite3_step(statement) == raw.SQLITE_ROW)
                {
                    TopicPartition partition = new(raw.sqlite3_column_text(statement, 0).utf8_to_string(), raw.sqlite3_column_int(statement, 1));
                    positions.Add(partition, raw.sqlite3_column_int64(statement, 2));
                }

                return positions;
            }
        }
    }

    private static void Check(int code, string path)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new InvalidOperationException($"{path}: SQLite says {code}");
        }
    }
}
