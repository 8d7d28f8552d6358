using System.Text;
using ECapture.Protocols.MySql;
using ECapture.Protocols.Sql;

namespace ECapture.Tests.Unit.Protocols.MySql;

public sealed class MySqlSessionTests
{
    private static readonly byte[] s_column = Wire.Text("def");

    [Fact]
    public void Query_Ok_HasAffectedRowsAndSession()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("delete from t");
        wire.Server(1, Wire.Ok(rows: 3));

        MySqlStatement statement = Assert.Single(wire.Statements);
        Assert.Equal(("mariadb", "me", "shop"), (wire.Session.System, Text(wire.Session.User), Text(statement.Database)));
        Assert.Equal(("delete from t", 3UL, SqlOutcome.Completed, 10UL), (Text(statement.Text), statement.Rows, statement.Outcome, statement.DurationNs));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Query_Rows_AreCounted(bool deprecatesEof)
    {
        Wire wire = Wire.LoggedIn(deprecatesEof ? Wire.DeprecateEof : 0);
        wire.Query("select");
        byte[] end = deprecatesEof ? [0xfe, 0, 0, 2, 0, 0, 0] : Wire.Eof();
        wire.Server(1, [[2], s_column, s_column, .. deprecatesEof ? Array.Empty<byte[]>() : [Wire.Eof()], [1, 97, 0xfb], [0xfb, 0xfb], end]);

        Assert.Equal(2UL, Assert.Single(wire.Statements).Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SentLeftOut_RowsAmongRows_AreCounted(bool deprecatesEof)
    {
        Wire wire = Wire.LoggedIn(deprecatesEof ? Wire.DeprecateEof : 0);
        wire.Query("select");
        byte[] end = deprecatesEof ? [0xfe, 0, 0, 2, 0, 0, 0] : Wire.Eof();
        wire.Server(1, [[1], s_column, .. deprecatesEof ? Array.Empty<byte[]>() : [Wire.Eof()], [1, 97]]);
        wire.LeaveOut(1_000_000, 50_000_000);
        wire.Server(9, [1, 97], end);

        Assert.Equal((1_000_002UL, 0L), (Assert.Single(wire.Statements).Rows, wire.Session.Losses));
    }

    [Fact]
    public void ReceivedLeftOut_LocalFile_ItsEndIsSeen()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("load data local");
        wire.Server(1, [0xfb, .. "/file"u8]);
        wire.LeaveOutOfFile(50_000_000);
        wire.Client(1, []);
        wire.Server(2, Wire.Ok(rows: 9));
        wire.Query("next");
        wire.Server(1, Wire.Ok());

        Assert.Equal([("load data local", 9UL), ("next", 0UL)], wire.Statements.Select(s => (Text(s.Text), s.Rows!.Value)));
        Assert.Equal(0, wire.Session.Losses);
    }

    [Fact]
    public void ReceivedLeftOut_WhereNoFileIsSent_IsALoss()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("select 1");
        wire.LeaveOutOfFile(500);

        Assert.Equal((SqlOutcome.Incomplete, 1L), (Assert.Single(wire.Statements).Outcome, wire.Session.Losses));
    }

    [Fact]
    public void SentLeftOut_WhereNoRowsAreDue_IsALossAndTheNextStatementIsRight()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("select 1");
        wire.LeaveOut(5, 500);
        wire.Server(9, Wire.Eof());
        wire.Query("select 2");
        wire.Server(1, Wire.Ok(rows: 3));

        Assert.Equal(
            [("select 1", SqlOutcome.Incomplete, null), ("select 2", SqlOutcome.Completed, 3UL)],
            wire.Statements.Select(s => (Text(s.Text), s.Outcome, s.Rows)));
        Assert.Equal(1, wire.Session.Losses);
    }

    [Fact]
    public void Query_SeveralResults_OneStatementWithAllRows()
    {
        const ushort More = 8;
        Wire wire = Wire.LoggedIn();
        wire.Query("select; insert; broken");
        wire.Server(1, [1], s_column, Wire.Eof(), [1, 97], Wire.Eof(More), Wire.Ok(rows: 4, status: More));
        Assert.Empty(wire.Statements);
        wire.Server(7, Wire.Error(1146, "42S02", "no table"));

        MySqlStatement statement = Assert.Single(wire.Statements);
        Assert.Equal((SqlOutcome.Failed, (ushort)1146, "42S02", "no table"), (statement.Outcome, statement.ErrorNumber, statement.SqlState, Text(statement.ErrorMessage)));
        Assert.Null(statement.Rows);
    }

    [Fact]
    public void Query_ProgressReports_AreNoErrors()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("alter");
        wire.Server(1, [0xff, 0xff, 0xff, 1, 1, 2, 0, 0, 0], Wire.Ok());

        Assert.Equal(SqlOutcome.Completed, Assert.Single(wire.Statements).Outcome);
    }

    [Fact]
    public void Query_LocalFile_IsNoCommand()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("load data local");
        wire.Server(1, [0xfb, .. "/file"u8]);
        wire.Client(0, [3, .. "delete from everything"u8]); // number 0: after 256 packets
        wire.Client(1, []);
        wire.Server(2, Wire.Ok(rows: 9));
        wire.Query("next");
        wire.Server(1, Wire.Ok());

        Assert.Equal(["load data local", "next"], wire.Statements.Select(s => Text(s.Text)));
    }

    [Fact]
    public void Execute_BoundValues_AreTyped()
    {
        Wire wire = Wire.LoggedIn();
        Prepare(wire, 7, "insert ?, ?, ?, ?, ?", 5);
        byte[] execution =
        [
            0x17, .. Wire.Number(7), 0, 1, 0, 0, 0, 0b10000, 1, 3, 0x80, 8, 0, 253, 0, 12, 0, 6, 0,
            0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, (byte)'h', (byte)'i', 11, 0xe9, 7, 1, 2, 3, 4, 5, 6, 0, 0, 0,
        ];
        wire.Client(0, execution);
        wire.Server(1, Wire.Ok(rows: 1));

        MySqlStatement statement = Assert.Single(wire.Statements);
        Assert.Equal((MySqlStatementKind.Prepared, 7u, "insert ?, ?, ?, ?, ?"), (statement.Kind, statement.Id, Text(statement.Text)));
        Assert.Equal(["4294967295", "-2", "hi", "2025-01-02 03:04:05.000006", null], statement.Parameters.Select(p => p.Value is null ? null : Text(p.Value)));
        Assert.Equal([0x8003, 8, 253, 12, 6], statement.Parameters.Select(p => (int)p.Type));
    }

    [Fact]
    public void Execute_ValuesSentAheadAndTypesOfBefore_AreUsed()
    {
        Wire wire = Wire.LoggedIn();
        Prepare(wire, 7, "insert ?, ?", 2);
        wire.Client(0, [0x18, .. Wire.Number(7), 0, 0, .. "long "u8]);
        wire.Client(0, [0x18, .. Wire.Number(7), 0, 0, .. "data"u8]);
        wire.Client(0, [0x17, .. Wire.Number(7), 0, 1, 0, 0, 0, 0, 1, 252, 0, 1, 0, 5]);
        wire.Server(1, Wire.Ok());
        wire.Client(0, [0x17, .. Wire.Number(7), 0, 1, 0, 0, 0, 0, 0, 1, (byte)'b', 6]);
        wire.Server(1, Wire.Ok());

        Assert.Equal(["long data", "5", "b", "6"], wire.Statements.SelectMany(s => s.Parameters).Select(p => Text(p.Value)));
        Assert.True(wire.Statements[0].Parameters[0].IsBinary);
    }

    [Fact]
    public void Execute_BeforeThePreparationIsAnswered_IsResolved()
    {
        Wire wire = Wire.LoggedIn();
        wire.Client(0, [0x16, .. "select ?"u8]);
        wire.Client(0, [0x17, .. Wire.Number(uint.MaxValue), 0, 1, 0, 0, 0, 0, 1, 1, 0, 42]);
        wire.Server(1, [0, .. Wire.Number(3), 0, 0, 1, 0, 0, 0, 0], s_column, Wire.Eof());
        wire.Server(1, Wire.Ok());

        MySqlStatement statement = Assert.Single(wire.Statements);
        Assert.Equal(("select ?", "42"), (Text(statement.Text), Text(Assert.Single(statement.Parameters).Value)));
    }

    [Fact]
    public void Execute_Bulk_HasTheValuesOfAllRows()
    {
        Wire wire = Wire.LoggedIn();
        Prepare(wire, 7, "insert ?, ?", 2);
        wire.Client(0, [0xfa, .. Wire.Number(7), 128, 0, 1, 0, 253, 0, 0, 1, 0, 1, (byte)'a', 0, 2, 1]);
        wire.Server(1, Wire.Ok(rows: 2));

        Assert.Equal(["1", "a", "2", null], Assert.Single(wire.Statements).Parameters.Select(p => p.Value is null ? null : Text(p.Value)));
    }

    [Fact]
    public void Prepare_Fails_IsPublished()
    {
        Wire wire = Wire.LoggedIn();
        wire.Client(0, [0x16, .. "selec"u8]);
        wire.Server(1, Wire.Error(1064, "42000", "syntax"));

        Assert.Equal(("selec", (ushort)1064), (Text(Assert.Single(wire.Statements).Text), wire.Statements[0].ErrorNumber));
    }

    [Fact]
    public void Database_ChangesByCommandStatementAndTracking()
    {
        const ushort SessionChanged = 0x4000;
        Wire wire = Wire.LoggedIn();
        wire.Client(0, [2, .. "one"u8]);
        wire.Server(1, Wire.Ok());
        wire.Query("use `two` ;");
        wire.Server(1, Wire.Ok());
        wire.Query("select");
        wire.Server(1, Wire.Ok());
        Assert.Equal(["one", "two"], wire.Statements.Select(s => Text(s.Database)));

        Wire tracking = Wire.LoggedIn(Wire.SessionTracking);
        tracking.Query("use three");
        tracking.Server(1, Wire.Ok(status: SessionChanged, info: "\0\u0008\u0001\u0006\u0005three"));
        Assert.Equal("three", Text(tracking.Session.Database));
    }

    [Fact]
    public void ChangeUser_Accepted_IsTheUser()
    {
        Wire wire = Wire.LoggedIn();
        wire.Client(0, [0x11, .. "you\0"u8, 4, .. "hash"u8, .. "theirs\0"u8]);
        wire.Server(1, [0xfe, .. "plugin\0salt"u8]);
        wire.Client(2, [.. "secret"u8]);
        wire.Server(3, Wire.Ok());

        Assert.Equal(("you", "theirs"), (Text(wire.Session.User), Text(wire.Session.Database)));
        Assert.Empty(wire.Statements);
    }

    [Fact]
    public void Login_InsideTls_IsRead()
    {
        Wire wire = new();
        wire.Server(0, Wire.Greeting("8.0.36"));
        wire.Client(1, Wire.Login(Wire.Usual | Wire.Tls)[..32]);
        wire.Client(2, Wire.Login(Wire.Usual | Wire.Tls));
        wire.Server(3, Wire.Ok());
        wire.Query("select");
        wire.Server(1, Wire.Ok());

        Assert.Equal(("mysql", "me"), (wire.Session.System, Text(wire.Session.User)));
        Assert.Single(wire.Statements);
    }

    [Fact]
    public void Login_Compressed_IsSaidNotFollowed()
    {
        Wire wire = Wire.LoggedIn(Wire.Compress);

        Assert.Equal("it uses the compressed protocol", wire.Session.NotFollowed);
        Assert.True(wire.Session.HasEnded);
    }

    [Fact]
    public void Received_BeforeAGreeting_IsSaidNotFollowed()
    {
        Wire wire = new();
        wire.Received([3, .. "select 1"u8]);
        wire.Server(1, Wire.Ok());

        Assert.StartsWith("it began before the agent", wire.Session.NotFollowed, StringComparison.Ordinal);
        Assert.Empty(wire.Statements);
    }

    [Fact]
    public void Gap_InTheAnswer_IncompleteThenGoesOn()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("lost");
        wire.LoseSent(100);
        wire.Server(9, Wire.Ok());
        wire.Query("found");
        wire.Server(1, Wire.Ok(rows: 5));

        Assert.Equal([("lost", SqlOutcome.Incomplete), ("found", SqlOutcome.Completed)], wire.Statements.Select(s => (Text(s.Text), s.Outcome)));
        Assert.Equal(1, wire.Session.Losses);
    }

    [Fact]
    public void Gap_InACommand_GoesOnWithTheNext()
    {
        Wire wire = Wire.LoggedIn();
        wire.LoseReceived(30);
        wire.Received([1, 2, 3, 4, 5, 6]);
        wire.Server(1, Wire.Ok());
        wire.Query("found");
        wire.Server(1, Wire.Ok());

        Assert.Equal("found", Text(Assert.Single(wire.Statements).Text));
    }

    [Fact]
    public void Query_LongerThanTheLimit_IsCutAndSaysSo()
    {
        Wire wire = Wire.LoggedIn(limits: new MySqlLimits { Payload = 1000 });
        wire.Query(new string('x', 70_000));
        wire.Server(1, Wire.Ok());

        MySqlStatement statement = Assert.Single(wire.Statements);
        Assert.Equal((1000, 70_000L), (statement.Text.Length, statement.OriginalLength));
    }

    [Fact]
    public void End_WithoutAnswer_Incomplete()
    {
        Wire wire = Wire.LoggedIn();
        wire.Query("select sleep(1000)");
        wire.Session.End(5000);

        Assert.Equal(SqlOutcome.Incomplete, Assert.Single(wire.Statements).Outcome);
    }

    private static void Prepare(Wire wire, byte id, string sql, byte parameters)
    {
        wire.Client(0, [0x16, .. Encoding.ASCII.GetBytes(sql)]);
        wire.Server(1, [[0, id, 0, 0, 0, 0, 0, parameters, 0, 0, 0, 0], .. Enumerable.Repeat(s_column, parameters), Wire.Eof()]);
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
