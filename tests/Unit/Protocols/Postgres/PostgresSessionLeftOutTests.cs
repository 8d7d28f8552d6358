using ECapture.Protocols.Postgres;
using ECapture.Protocols.Sql;
using static ECapture.Tests.Unit.Protocols.Postgres.PostgresSessionTests;
using static ECapture.Tests.Unit.Protocols.Postgres.Wire;

namespace ECapture.Tests.Unit.Protocols.Postgres;

/// <summary>Messages that the kernel passed over, and places of which it is certain.</summary>
public sealed class PostgresSessionLeftOutTests
{
    private readonly List<PostgresStatement> _statements = [];
    private readonly PostgresSession _session;
    private ulong _received;
    private ulong _sent;
    private ulong _now = 1;

    public PostgresSessionLeftOutTests()
    {
        _session = new PostgresSession(new PostgresLimits(), _statements.Add);
        Client(false, Startup(("user", "u")));
        Server(false, Message('R', Int32(0)), Ready());
    }

    [Fact]
    public void SentLeftOut_RowsOfASuspendedPortal_AreCounted()
    {
        Client(false, Bind("p", "", []), Execute("p", 7), Sync());
        Server(true, Message('2'), Row());
        Rows(6, 6000);
        Server(true, Message('s'), Ready());

        Assert.Equal((7UL, SqlOutcome.Completed, 0L), (Assert.Single(_statements).Rows!.Value, _statements[0].Outcome, _session.Losses));
    }

    [Fact]
    public void SentLeftOut_InsteadOfTheRowsOfAQuery_StatementIsAsWithThem()
    {
        Client(false, SimpleQuery("select"));
        Server(true, Message('T', Int16(0)));
        Rows(2_000_000, 200_000_000);
        Server(true, Complete("SELECT 2000000"), Ready());

        PostgresStatement statement = Assert.Single(_statements);
        Assert.Equal(("SELECT 2000000", 2_000_000UL, SqlOutcome.Completed, 0L), (Text(statement.Tag), statement.Rows!.Value, statement.Outcome, _session.Losses));
    }

    [Fact]
    public void SentLeftOut_TheRecordBeforeItIsMissing_IsALossAndTheNextStatementIsRight()
    {
        Client(false, SimpleQuery("select 1"));
        _sent += 40;
        Rows(3, 30);
        Server(true, Complete("SELECT 3"), Ready());
        Client(true, SimpleQuery("select 2"));
        Server(true, Complete("SELECT 2"), Ready());

        Assert.Equal([("select 1", 3UL), ("select 2", 2UL)], _statements.Select(s => (Text(s.Text), s.Rows!.Value)));
        Assert.Equal(1, _session.Losses);
    }

    [Fact]
    public void SentLeftOut_WithinAMessage_IsALossAndGoesOnBehindIt()
    {
        Client(false, SimpleQuery("select 1"));
        Server(false, Row(500)[..100]);
        Rows(1, 400);
        Server(true, Complete("SELECT 2"), Ready());

        Assert.Equal((2UL, 1L), (Assert.Single(_statements).Rows!.Value, _session.Losses));
    }

    [Fact]
    public void Sent_BeginsAfterAGap_IsReadFromThere()
    {
        Client(false, SimpleQuery("select 1"));
        Server(false, Row(500)[..100]);
        _sent += 9000;
        byte[] answer = [.. Complete("SELECT 1"), .. Ready(), .. Message('A', new byte[100])]; // neither whole nor ended by ReadyForQuery: no place to guess
        Server(true, answer[..50]);
        Server(false, answer[50..]);

        Assert.Equal(("SELECT 1", 1L), (Text(Assert.Single(_statements).Tag), _session.Losses));
    }

    [Fact]
    public void ReceivedLeftOut_DataOfACopy_ItsEndAndTheNextRequestAreThere()
    {
        Client(false, SimpleQuery("copy t from stdin"));
        Server(true, Message('G', [0], Int16(0)));
        Client(true, Message('d', new byte[10]));
        _session.ReceivedLeftOut(_now++, _received, 5_000_000);
        _received += 5_000_000;
        Client(true, Message('c'));
        Server(true, Complete("COPY 9"), Ready());
        byte[] query = SimpleQuery("select 2" + new string(' ', 100));
        Client(true, query[..20]);
        Client(false, query[20..]);
        Server(true, Complete("SELECT 2"), Ready());

        Assert.Equal(["COPY 9", "SELECT 2"], _statements.Select(s => Text(s.Tag)));
        Assert.Equal(0, _session.Losses);
    }

    [Fact]
    public void Received_BeginsAfterAGap_IsReadFromThere()
    {
        _received += 77;
        byte[] requests = [.. Sync(), .. SimpleQuery("select 1")]; // cut: no place to guess
        Client(true, requests[..12]);
        Client(false, requests[12..]);
        Server(true, Ready());
        Server(true, Complete("SELECT 1"), Ready());

        Assert.Equal(("select 1", "SELECT 1", 1L), (Text(Assert.Single(_statements).Text), Text(_statements[0].Tag), _session.Losses));
    }

    private void Rows(ulong rows, ulong bytes)
    {
        _session.SentLeftOut(_now++, _sent, bytes, rows);
        _sent += bytes;
    }

    private void Client(bool begins, params byte[][] messages)
    {
        byte[] data = [.. messages.SelectMany(m => m)];
        _session.Received(_now++, _received, data, begins);
        _received += (ulong)data.Length;
    }

    private void Server(bool begins, params byte[][] messages)
    {
        byte[] data = [.. messages.SelectMany(m => m)];
        _session.Sent(_now++, _sent, data, begins);
        _sent += (ulong)data.Length;
    }
}
