using System.Text;
using ECapture.Protocols.Postgres;
using ECapture.Protocols.Sql;
using static ECapture.Tests.Unit.Protocols.Postgres.Wire;

namespace ECapture.Tests.Unit.Protocols.Postgres;

public sealed class PostgresSessionTests
{
    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(7)]
    public void Received_SimpleQuery_IsOneStatementWithItsAnswer(int chunk)
    {
        (PostgresSession session, List<PostgresStatement> statements) = Session()
            .Client(SimpleQuery("select 1, 'é'"))
            .Server(Message('T', Int16(0)), Row(), Row(), Complete("SELECT 2"), Ready())
            .Play(chunk);

        PostgresStatement statement = Assert.Single(statements);
        Assert.Equal("select 1, 'é'", Text(statement.Text));
        Assert.Equal(PostgresStatementKind.Simple, statement.Kind);
        Assert.Equal("SELECT 2", Text(statement.Tag));
        Assert.Equal(2UL, statement.Rows);
        Assert.Equal(SqlOutcome.Completed, statement.Outcome);
        Assert.True(statement.DurationNs >= 10);
        Assert.Equal("alice", Text(session.User));
        Assert.Equal("shop", Text(session.Database));
        Assert.Equal("psql", Text(statement.Application));
        Assert.Equal(0, session.Losses);
    }

    [Fact]
    public void Received_StringOfSeveralStatements_IsOneStatementWithAllRows()
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(SimpleQuery("insert into t values (1),(2); select 1; begin"))
            .Server(Complete("INSERT 0 2"), Row(), Complete("SELECT 1"), Complete("BEGIN"), Ready('T'))
            .Play().Statements);

        Assert.Equal("BEGIN", Text(statement.Tag));
        Assert.Equal(3UL, statement.Rows);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public void Received_ExtendedProtocol_HasTextParametersAndTypes(int chunk)
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(
                Parse("s1", "select $1, $2, $3", 23, 25, 0), Describe('S', "s1"),
                Bind("", "s1", [1, 0, 0], [0, 0, 0, 7], "text"u8.ToArray(), null), Execute(), Sync())
            .Server(
                Message('1'), Message('t', Int16(3), Int32(23), Int32(25), Int32(1043)), Message('T', Int16(0)), Message('2'), Row(),
                Complete("SELECT 1"), Ready())
            .Play(chunk).Statements);

        Assert.Equal(PostgresStatementKind.Extended, statement.Kind);
        Assert.Equal("select $1, $2, $3", Text(statement.Text));
        Assert.Equal("s1", Text(statement.Name));
        Assert.Equal(1UL, statement.Rows);
        Assert.Equal(3, statement.Parameters.Count);
        Assert.Equal((23U, true, 7), (statement.Parameters[0].Type, statement.Parameters[0].IsBinary, statement.Parameters[0].Value![3]));
        Assert.Equal((25U, false), (statement.Parameters[1].Type, statement.Parameters[1].IsBinary));
        Assert.Equal("text"u8.ToArray(), statement.Parameters[1].Value);
        Assert.Null(statement.Parameters[2].Value);
        Assert.Equal(1043U, statement.Parameters[2].Type);
    }

    [Fact]
    public void Received_PreparedOnceAndRunTwice_HasTheTextBothTimes()
    {
        List<PostgresStatement> statements = Session()
            .Client(Parse("p", "select $1"), Sync())
            .Server(Message('1'), Ready())
            .Client(Bind("", "p", [], "a"u8.ToArray()), Execute(), Sync())
            .Server(Message('2'), Complete("SELECT 1"), Ready())
            .Client(Bind("", "p", [], "b"u8.ToArray()), Execute(), Sync())
            .Server(Message('2'), Complete("SELECT 1"), Ready())
            .Play().Statements;

        Assert.Equal(["a", "b"], statements.Select(s => Text(s.Parameters[0].Value)));
        Assert.All(statements, s => Assert.Equal("select $1", Text(s.Text)));
    }

    [Fact]
    public void Received_Pipeline_GivesEachAnswerToItsRequest()
    {
        List<PostgresStatement> statements = Session()
            .Client(
                Parse("", "select 1"), Bind("", "", []), Execute(), Sync(),
                Parse("", "select 1/0"), Bind("", "", []), Execute(), Parse("", "never"), Bind("", "", []), Execute(), Sync(),
                Parse("", "select 3"), Bind("", "", []), Execute(), Sync())
            .Server(
                Message('1'), Message('2'), Complete("SELECT 1"), Ready(), Message('1'), Message('2'), Error("22012", "division by zero"), Ready(),
                Message('1'), Message('2'), Complete("SELECT 3"), Ready())
            .Play().Statements;

        Assert.Equal(
            [("select 1", ""), ("select 1/0", "22012"), ("select 3", "")], statements.Select(s => (Text(s.Text), s.ErrorCode)));
        Assert.Equal(3UL, statements[2].Rows);
    }

    [Fact]
    public void Received_ErrorBeforeTheSync_SkipsWhatTheServerSkips()
    {
        List<PostgresStatement> statements = Session()
            .Client(Parse("", "selec"))
            .Server(Error("42601", "syntax error"))
            .Client(Bind("", "", []), Execute(), Sync())
            .Server(Ready())
            .Client(SimpleQuery("select 2"))
            .Server(Complete("SELECT 2"), Ready())
            .Play().Statements;

        Assert.Equal([("selec", "42601"), ("select 2", "")], statements.Select(s => (Text(s.Text), s.ErrorCode)));
    }

    [Fact]
    public void Received_RowLimit_CountsTheRowsOfEachExecute()
    {
        List<PostgresStatement> statements = Session()
            .Client(Parse("", "select g"), Bind("c", "", []), Execute("c", 2), Execute("c", 2), Sync())
            .Server(Message('1'), Message('2'), Row(), Row(), Message('s'), Row(), Complete("SELECT 1"), Ready())
            .Play().Statements;

        Assert.Equal([2UL, 1UL], statements.Select(s => s.Rows!.Value));
    }

    [Fact]
    public void Received_CommitFailsAtSync_IsTheStatementsFailure()
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(Parse("", "insert"), Bind("", "", []), Execute(), Sync())
            .Server(Message('1'), Message('2'), Complete("INSERT 0 1"), Error("23503", "violates foreign key"), Ready())
            .Play().Statements);

        Assert.Equal((SqlOutcome.Failed, "23503"), (statement.Outcome, statement.ErrorCode));
        Assert.Null(statement.Rows);
    }

    [Fact]
    public void Received_CopyInExtended_SurvivesTheSyncThatTheServerIgnores()
    {
        List<PostgresStatement> statements = Session()
            .Client(Parse("", "copy t from stdin"), Bind("", "", []), Describe('P', ""), Execute(), Sync())
            .Server(Message('1'), Message('2'), Message('n'), Message('G', [0], Int16(0)))
            .Client(Message('d', new byte[5000]), Message('c'), Sync())
            .Server(Complete("COPY 5"), Ready())
            .Client(SimpleQuery("select 2"))
            .Server(Complete("SELECT 2"), Ready())
            .Play().Statements;

        Assert.Equal([("COPY 5", 5UL), ("SELECT 2", 2UL)], statements.Select(s => (Text(s.Tag), s.Rows!.Value)));
    }

    [Fact]
    public void Received_CopyByQuery_IsOneStatement()
    {
        List<PostgresStatement> statements = Session()
            .Client(SimpleQuery("copy t from stdin"))
            .Server(Message('G', [0], Int16(0)))
            .Client(Message('d', "1\n"u8.ToArray()), Message('f', Wire.Text("no")))
            .Server(Error("57014", "COPY from stdin failed: no"), Ready())
            .Client(SimpleQuery("copy t to stdout"))
            .Server(Message('H', [0], Int16(0)), Message('d', "1\n"u8.ToArray()), Message('c'), Complete("COPY 1"), Ready())
            .Play().Statements;

        Assert.Equal([("", "57014"), ("COPY 1", "")], statements.Select(s => (Text(s.Tag), s.ErrorCode)));
    }

    [Fact]
    public void Received_FunctionCall_IsAStatement()
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(Message('F', Int32(952), Int16(1), Int16(1), Int16(1), Int32(4), Int32(16384), Int16(1)))
            .Server(Message('V', Int32(4), Int32(0)), Ready())
            .Play().Statements);

        Assert.Equal(PostgresStatementKind.Function, statement.Kind);
        Assert.Equal("fastpath function call: OID 952", Text(statement.Text));
        Assert.True(Assert.Single(statement.Parameters).IsBinary);
    }

    [Theory]
    [InlineData("S")]
    [InlineData("N")]
    [InlineData("")]
    public void Received_EncryptionRequests_AreNoPartOfTheSession(string answer)
    {
        Wire wire = new Wire().Client(Untyped(80877104)).Server("N"u8.ToArray()).Client(Untyped(80877103));
        if (answer.Length > 0)
        {
            wire.Server(Encoding.ASCII.GetBytes(answer));
        }

        (PostgresSession session, List<PostgresStatement> statements) = wire
            .Client(Startup(("user", "bob")))
            .Server(Message('R', Int32(0)), Status("application_name", "x"), Ready())
            .Client(SimpleQuery("select 1"))
            .Server(Complete("SELECT 1"), Ready())
            .Play();

        Assert.Equal("SELECT 1", Text(Assert.Single(statements).Tag));
        Assert.Equal("bob", Text(session.Database)); // defaults to the user
        Assert.Equal(0, session.Losses);
    }

    [Fact]
    public void Received_DirectTls_SkipsTheClientHello()
    {
        Wire wire = new Wire().Client([0x16, 3, 1, 0, 2, 1, 0]);
        PostgresStatement statement = Assert.Single(wire
            .Client(Startup(("user", "bob"))).Server(Message('R', Int32(0)), Ready()).Client(SimpleQuery("select 1")).Server(Complete("SELECT 1"), Ready())
            .Play().Statements);

        Assert.Equal("select 1", Text(statement.Text));
    }

    [Fact]
    public void Received_CancelRequest_IsNothing() =>
        Assert.Empty(new Wire().Client(Untyped(80877102, 0, 0, 0, 1, 0, 0, 0, 2)).Play().Statements);

    [Fact]
    public void Received_ApplicationNameChanges_LaterStatementsHaveTheNewOne()
    {
        List<PostgresStatement> statements = Session()
            .Client(SimpleQuery("set application_name = 'job'"))
            .Server(Complete("SET"), Status("application_name", "job"), Ready())
            .Client(SimpleQuery("select 1"))
            .Server(Complete("SELECT 1"), Ready())
            .Play().Statements;

        Assert.Equal("job", Text(statements[1].Application));
    }

    [Fact]
    public void End_WithoutAnswer_IsIncompleteAndKeepsParameters()
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(Parse("", "select pg_sleep($1)"), Bind("", "", [], "9"u8.ToArray()), Execute(), Sync())
            .Play().Statements);

        Assert.Equal(SqlOutcome.Incomplete, statement.Outcome);
        Assert.Equal("select pg_sleep($1)", Text(statement.Text));
        Assert.Equal("9", Text(Assert.Single(statement.Parameters).Value));
    }

    [Fact]
    public void End_AfterFatalError_IsAFailure()
    {
        PostgresStatement statement = Assert.Single(Session()
            .Client(SimpleQuery("select pg_sleep(9)"))
            .Server(Error("57P01", "terminating connection", "FATAL"))
            .Play().Statements);

        Assert.Equal((SqlOutcome.Failed, "57P01"), (statement.Outcome, statement.ErrorCode));
    }

    [Fact]
    public void Received_PasswordMessage_IsNotKept()
    {
        (_, List<PostgresStatement> statements) = new Wire()
            .Client(Startup(("user", "bob"))).Server(Message('R', Int32(3)))
            .Client(Message('p', Wire.Text("hunter2")))
            .Server(Error("28P01", "password authentication failed", "FATAL"))
            .Play();

        Assert.Empty(statements);
    }

    [Fact]
    public void Received_LongerThanTheLimit_IsCutAndSaysSo()
    {
        PostgresLimits limits = new() { Payload = 100 };
        List<PostgresStatement> statements = Session()
            .Client(SimpleQuery(new string('x', 1000))).Server(Complete("SELECT 1"), Ready())
            .Client(SimpleQuery(new string('y', 100))).Server(Complete("SELECT 1"), Ready())
            .Client(Parse("", new string('z', 500)), Bind("", "", []), Execute(), Sync())
            .Server(Message('1'), Message('2'), Complete("SELECT 1"), Ready())
            .Play(33, limits).Statements;

        Assert.Equal([(100, 1000L), (100, 0L)], statements.Take(2).Select(s => (s.Text.Length, s.OriginalLength)));
        Assert.Equal(500, statements[2].OriginalLength);
        Assert.StartsWith("zzz", Text(statements[2].Text), StringComparison.Ordinal);
    }

    internal static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
