using System.Text;
using ECapture.Protocols.Sql;

namespace ECapture.Tests.Unit.Protocols.Sql;

public sealed class SqlFingerprintTests
{
    [Theory]
    [InlineData("SELECT * FROM t WHERE id = 42 AND name='x''y'", "select * from t where id = ? and name = ?")]
    [InlineData("select  *\nfrom T -- why\n where ID=-1.5e-3;", "select * from t where id = ?")]
    [InlineData("SELECT a-1, b - 2, c -3 FROM t", "select a - ? , b - ? , c - ? from t")]
    [InlineData("SELECT -1, +.5 LIMIT 10 OFFSET 0x1F", "select ? limit ? offset ?")]
    [InlineData("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'),(3,$3)", "insert into t ( a , b ) values ( ? )")]
    [InlineData("SELECT 1 WHERE x IN (1,2,3) OR y IN ('a')", "select ? where x in ( ? ) or y in ( ? )")]
    [InlineData("SELECT \"Odd \"\"Name\", $1::int, $tag$ it's $x$ $tag$, $$a$$", "select \"Odd \"\"Name\" , ? : : int , ?")]
    [InlineData("SELECT E'it\\'s', B'01', X'ff', N'n', U&'d\\0061' || U&\"n\" FROM e", "select ? | | U&\"n\" from e")]
    [InlineData("SELECT 'a\\' FROM t", "select ? from t")]
    [InlineData("/* a /* nested */ comment */ SELECT 1 --last", "select ?")]
    [InlineData("SELECT 1; ; DELETE FROM t; -- end", "select ?; delete from t")]
    [InlineData("SELECT '{\"a\":1}'::jsonb ? 'a'", "select ? : : jsonb ? ?")]
    [InlineData("SELECT größe FROM Straße", "select größe from straße")]
    [InlineData("SELECT 'not closed", "select ?")]
    [InlineData("SELECT \"not closed", "select \"not closed")]
    [InlineData("  ;; -- nothing", "")]
    public void Normalize_Postgres_LiteralsAreQuestionMarks(string statement, string expected) =>
        Assert.Equal(expected, Normal(statement, SqlDialect.Postgres));

    [Theory]
    [InlineData("SELECT `a``B`, \"text\" , 'it\\'s', 'a''b' FROM `T` # comment", "select `a``B` , ? from `T`")]
    [InlineData("SELECT 1 -- comment\n+2--3", "select ? + ? - ?")]
    [InlineData("SELECT /*!40101 SQL_NO_CACHE */ a /*+ hint */ FROM t WHERE b=? AND c IN (?,?)", "select sql_no_cache a from t where b = ? and c in ( ? )")]
    [InlineData("SELECT /*M!100100 1 */ /* not /* nested */ x", "select ? x")]
    [InlineData("SELECT _utf8'x', 0xFF, x'0a', e'5'", "select _utf8 ? , e ?")]
    [InlineData("SELECT $1", "select $ ?")]
    public void Normalize_MySql_LiteralsAreQuestionMarks(string statement, string expected) =>
        Assert.Equal(expected, Normal(statement, SqlDialect.MySql));

    [Fact]
    public void Of_StatementsThatDifferInLiteralsAlone_AreOne()
    {
        ulong one = Of("SELECT * FROM t WHERE id IN (1, 2)");

        Assert.Equal(one, Of("select *  from t where ID in (3,4,5,'six') /* again */;"));
        Assert.NotEqual(one, Of("SELECT * FROM u WHERE id IN (1, 2)"));
        Assert.NotEqual(0ul, one);
        Assert.Equal(0ul, Of(" -- nothing"));
    }

    [Fact]
    public void Normalize_ItsOwnNormalForm_StaysWhatItIs()
    {
        // MySQL, whose "?" is a parameter: what was normalized is normal.
        foreach (string statement in (string[])["SELECT a, 1, 'x' FROM t", "INSERT INTO t VALUES (1,2),(3,4)", "UPDATE t SET a = a - 1 WHERE b <= -3"])
        {
            string normal = Normal(statement, SqlDialect.MySql);

            Assert.Equal(normal, Normal(normal, SqlDialect.MySql));
        }
    }

    [Fact]
    public void Of_AnyBytes_NeverThrowsAndHidesEveryLiteral()
    {
        Random random = new(7);
        const string Pieces = "'\"`$?\\/*!-+#;,()0123456789.eExXuU&_ab \n\tM=<>\0\u00ff";
        for (int i = 0; i < 30_000; i++)
        {
            byte[] statement = [.. Enumerable.Range(0, random.Next(40)).Select(_ => (byte)Pieces[random.Next(Pieces.Length)])];
            SqlDialect dialect = (SqlDialect)random.Next(2);

            byte[] normal = SqlFingerprint.Normalize(statement, dialect);

            Assert.InRange(normal.Length, 0, (2 * statement.Length) + 1);
            Assert.Equal(SqlFingerprint.Of(statement, dialect), SqlFingerprint.Of(statement, dialect));
            // A text at the end, behind anything that is closed, is never shown.
            byte[] secret = [.. "SELECT 1, "u8, .. "'hunter2'"u8, .. " "u8, .. statement];
            Assert.DoesNotContain("hunter2", Encoding.Latin1.GetString(SqlFingerprint.Normalize(secret, dialect)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_InSteadyState_DoesNotAllocate()
    {
        byte[] statement = Encoding.ASCII.GetBytes("SELECT * FROM t WHERE a = 1 AND b IN ('x', 'y') -- " + new string('z', 500));
        long allocated = 1;
        for (int round = 0; round < 50 && allocated > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            SqlFingerprint.Of(statement, SqlDialect.Postgres);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Of_LongStatement_LooksAtItsBeginning()
    {
        byte[] statement = new byte[SqlFingerprint.MaxBytes + 100];
        Array.Fill(statement, (byte)'a');
        ulong whole = SqlFingerprint.Of(statement, SqlDialect.MySql);

        Assert.Equal(SqlFingerprint.Of(statement.AsSpan(0, SqlFingerprint.MaxBytes), SqlDialect.MySql), whole);
    }

    private static ulong Of(string statement) => SqlFingerprint.Of(Encoding.UTF8.GetBytes(statement), SqlDialect.Postgres);

    private static string Normal(string statement, SqlDialect dialect) => Encoding.UTF8.GetString(SqlFingerprint.Normalize(Encoding.UTF8.GetBytes(statement), dialect));
}
