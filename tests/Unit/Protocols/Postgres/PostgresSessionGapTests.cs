using ECapture.Protocols.Postgres;
using ECapture.Protocols.Sql;
using static ECapture.Tests.Unit.Protocols.Postgres.PostgresSessionTests;
using static ECapture.Tests.Unit.Protocols.Postgres.Wire;

namespace ECapture.Tests.Unit.Protocols.Postgres;

public sealed class PostgresSessionGapTests
{
    private readonly List<PostgresStatement> _statements = [];
    private readonly PostgresSession _session;
    private ulong _received;
    private ulong _sent;
    private ulong _now = 1;

    public PostgresSessionGapTests() => _session = new PostgresSession(new PostgresLimits(), _statements.Add);

    [Fact]
    public void Received_SessionOlderThanTheObservation_StartsAtItsFirstRequest()
    {
        Client(SimpleQuery("select 1"));
        Server(Row(), Complete("SELECT 1"), Ready());
        Client(Bind("", "old", [], "v"u8.ToArray()), Execute(), Sync());
        Server(Message('2'), Row(), Complete("SELECT 1"), Ready());

        Assert.Equal(["select 1", ""], _statements.Select(s => Text(s.Text)));
        Assert.Equal("old", Text(_statements[1].Name));
        Assert.Equal("v", Text(_statements[1].Parameters[0].Value));
        Assert.Equal(0, _session.Losses);
    }

    [Fact]
    public void Sent_ObservationBeginsWithinAnAnswer_FindsTheNextRequest()
    {
        Server([.. Row(9000).Skip(4000), .. Complete("SELECT 1"), .. Ready()]);
        Client(SimpleQuery("select 2"));
        Server(Complete("SELECT 2"), Ready());

        Assert.Equal(("select 2", 2UL), (Text(Assert.Single(_statements).Text), _statements[0].Rows!.Value));
    }

    [Fact]
    public void Sent_PartOfAResultIsMissing_CompletesByItsEnd()
    {
        Begin();
        Client(SimpleQuery("select big"));
        byte[] answer = [.. Enumerable.Repeat(Row(100), 200).SelectMany(r => r), .. Complete("SELECT 200"), .. Ready()];
        Server(answer[..8192]);
        _sent += 8192; // lost
        Server(answer[16384..]);
        Client(SimpleQuery("select 2"));
        Server(Complete("SELECT 2"), Ready());

        Assert.Equal([("select big", 200UL), ("select 2", 2UL)], _statements.Select(s => (Text(s.Text), s.Rows!.Value)));
        Assert.Equal(1, _session.Losses);
    }

    [Fact]
    public void Sent_AWholeAnswerIsMissing_TheNextIsNotTakenForIt()
    {
        Begin();
        Client(SimpleQuery("select 1"));
        _sent += 50; // its answer
        Client(SimpleQuery("select 2"));
        Server(Complete("SELECT 2"), Ready());
        Client(SimpleQuery("select 3"));
        Server(Complete("SELECT 3"), Ready());

        Assert.Equal(
            [("select 1", SqlOutcome.Incomplete, ""), ("select 2", SqlOutcome.Completed, "SELECT 2"), ("select 3", SqlOutcome.Completed, "SELECT 3")],
            _statements.Select(s => (Text(s.Text), s.Outcome, Text(s.Tag))));
    }

    [Fact]
    public void Received_ARequestIsMissing_TheOthersAreRight()
    {
        Begin();
        _received += 40;
        Server(Complete("SELECT 9"), Ready());
        Client(SimpleQuery("select 2"));
        Server(Complete("SELECT 2"), Ready());

        Assert.Equal("SELECT 2", Text(Assert.Single(_statements).Tag));
    }

    [Fact]
    public void Received_TheMiddleOfAQueryIsMissing_KeepsWhatCameBeforeAndStaysInPlace()
    {
        Begin();
        byte[] query = SimpleQuery("select '" + new string('x', 5000) + "'");
        Client(query[..1000]);
        _received += 2000;
        Client(query[3000..]);
        Server(Complete("SELECT 1"), Ready());

        PostgresStatement statement = Assert.Single(_statements);
        Assert.Equal(995, statement.Text.Length);
        Assert.Equal(5009, statement.OriginalLength);
        Assert.Equal(0, _session.Losses);
    }

    [Fact]
    public void SentUnwantedUntil_WithinALargeRow_SaysHowFarBytesAreNotNeeded()
    {
        Begin();
        Client(SimpleQuery("select blob"));
        byte[] row = Row(1_000_000);
        Server(row[..8192]);
        Assert.Equal(_sent + (ulong)(row.Length - 8192), _session.SentUnwantedUntil);
        _sent += (ulong)(row.Length - 8192);
        Server(Complete("SELECT 1"), Ready());

        Assert.Equal((1UL, 0L), (Assert.Single(_statements).Rows!.Value, _session.Losses));
    }

    [Fact]
    public void SentUnwantedUntil_SkippedRow_NextStatementHasItsOwnAnswer()
    {
        Begin();
        Client(SimpleQuery("select blob"));
        byte[] answer = [.. Message('T', Int16(0)), .. Row(1_000_000)];
        Server(answer[..8192]);
        Server(answer[8192..16384]);
        ulong until = _session.SentUnwantedUntil;
        Assert.Equal((ulong)(answer.Length - 16384), until - _sent);
        _sent = until;
        Server(Complete("SELECT 1"), Ready());
        Client(SimpleQuery("select 2"));
        Server(Row(), Row(), Complete("SELECT 2"), Ready());

        Assert.Equal([("select blob", 1UL), ("select 2", 2UL)], _statements.Select(s => (Text(s.Text), s.Rows!.Value)));
    }

    [Fact]
    public void ReceivedUnwantedUntil_WithinALongRequest_WantsItsEnd()
    {
        Begin();
        byte[] query = SimpleQuery(new string('x', 3_000_000));
        Client(query[..2_000_000]);
        Assert.Equal(0UL, _session.ReceivedUnwantedUntil);
        Client(query[2_000_000..]);
        Server(Complete("SELECT 1"), Ready());
        Assert.Equal("SELECT 1", Text(Assert.Single(_statements).Tag));

        Client(SimpleQuery("copy t from stdin"));
        Server(Message('G', [0], Int16(0)));
        Client(Message('d', new byte[500_000])[..8192]);
        Assert.Equal(_received + 500_005 - 8192, _session.ReceivedUnwantedUntil);
    }

    private void Begin()
    {
        Client(Startup(("user", "u")));
        Server(Message('R', Int32(0)), Ready());
    }

    private void Client(params byte[][] messages)
    {
        byte[] data = [.. messages.SelectMany(m => m)];
        _session.Received(_now++, _received, data);
        _received += (ulong)data.Length;
    }

    private void Server(params byte[][] messages)
    {
        byte[] data = [.. messages.SelectMany(m => m)];
        _session.Sent(_now++, _sent, data);
        _sent += (ulong)data.Length;
    }
}
