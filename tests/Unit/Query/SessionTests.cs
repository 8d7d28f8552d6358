using ECapture.Events.V1;
using ECapture.Query.Pcap;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Tests.Unit.Querying;

public sealed class SessionTests
{
    private const long Second = 1_000_000_000;
    private static readonly FlowKey s_key = new("h1", 1, 77);
    private static readonly ProcessFact s_nobody = new(0, 0, uint.MaxValue, "", 0);

    [Fact]
    public void Build_BothEndsOfALoopback_AreOneSession()
    {
        FlowSessions flow = Build(
            Extent(1, opened: 100, closed: 110),
            Extent(2, accepted: 101, closed: 111));

        Session session = Assert.Single(flow.Sessions);
        Assert.Equal((100 * Second, 111 * Second), (session.From, session.End));
        Assert.Equal([1ul, 2ul], session.Connections.Order());
    }

    [Fact]
    public void Build_AcceptAfterTheClientClosed_IsTheSameSession() =>
        Assert.Single(Build(Extent(1, opened: 100, closed: 101), Extent(2, accepted: 102, closed: 103)).Sessions);

    [Fact]
    public void Build_FlowUsedAgain_IsAnotherSession()
    {
        FlowSessions flow = Build(Extent(1, opened: 100, closed: 110), Extent(2, opened: 111, closed: 120));

        Assert.Equal([100 * Second, 111 * Second], flow.Sessions.Select(s => s.From));
        Assert.Equal(110 * Second, flow.Sessions[1].ZoneFrom);
    }

    [Fact]
    public void Build_OpenEndFollowedByAnotherOpening_IsAnotherSession() =>
        Assert.Equal(2, Build(Extent(1, opened: 100), Extent(2, opened: 111, closed: 120)).Sessions.Count);

    [Fact]
    public void Build_ExistingConnectionOfANewRun_BelongsToTheSessionAroundIt()
    {
        FlowSessions flow = Build(Extent(1, opened: 100), Extent(2, existing: 150, closed: 160));

        Assert.Equal([1ul, 2ul], Assert.Single(flow.Sessions).Connections.Order());
    }

    [Fact]
    public void Build_ExistingConnectionAfterAnEndedOne_BeginsAfterIt()
    {
        FlowSessions flow = Build(Extent(1, opened: 100, closed: 110), Extent(2, existing: 150));

        Assert.Equal(2, flow.Sessions.Count);
        Assert.Equal(110 * Second, flow.Sessions[1].From);
    }

    [Fact]
    public void Build_Syns_ASynSentAgainIsNoNewSession()
    {
        var flow = new FlowSessions(s_key);
        SessionBuilder.Build(flow, [(100 * Second, 7u), (101 * Second, 7u), (200 * Second, 9u)], 0);
        flow.Arrange();

        Assert.Equal([0, 100 * Second, 200 * Second], flow.Sessions.Select(s => s.From));
    }

    [Fact]
    public void Match_ByConnection_MarksOnlyItsSession()
    {
        FlowSessions flow = Build(Extent(1, opened: 100, closed: 110), Extent(2, opened: 111, closed: 120));

        flow.Match(new FlowMatch(s_key, 2, s_nobody, 0, 90 * Second, 200 * Second));

        Assert.Equal([false, true], flow.Sessions.Select(s => s.IsMatched));
    }

    [Theory]
    [InlineData(105, 106, true, false)]
    [InlineData(105, 115, true, true)]
    [InlineData(111, 111, true, false)] // the last acknowledgement
    [InlineData(129, 129, false, true)] // the SYN
    [InlineData(140, 150, false, true)]
    public void Match_ByTime_MarksTheSessionsOfThatTime(long from, long to, bool first, bool second)
    {
        FlowSessions flow = Build(Extent(1, opened: 100, closed: 110), Extent(2, opened: 130, closed: 150));
        to = to == 115 ? 135 : to;

        flow.Match(new FlowMatch(s_key, 0, s_nobody, 0, from * Second, to * Second));

        Assert.Equal([first, second], flow.Sessions.Select(s => s.IsMatched));
    }

    [Fact]
    public void Match_WhereNoSessionIsKnown_MakesOne()
    {
        FlowSessions flow = Build(Extent(1, opened: 100, closed: 110));

        flow.Match(new FlowMatch(s_key, 0, s_nobody, 0, 500 * Second, 501 * Second));

        Assert.Equal([false, true], flow.Sessions.Select(s => s.IsMatched));
        Assert.Equal(120 * Second, flow.Sessions[1].From);
    }

    [Fact]
    public void Plan_ManyShortSessions_CutsTimeIntoSpansOfFewFlows()
    {
        Session[] sessions = [.. Enumerable.Range(0, 1000).Select(i => new Session(new FlowKey("h1", 1, (ulong)i), i * 100 * Second, (i * 100 + 5) * Second))];
        Arrange(sessions);

        List<PacketSegment> plan = PacketPlan.Make(sessions, new TimeRange(0, long.MaxValue), mostFlows: 10);

        AssertCovers(plan, sessions);
        Assert.All(plan, s => Assert.InRange(s.Flows!.Count, 1, 10));
        Assert.InRange(plan.Count, 100, 1000);
    }

    [Fact]
    public void Plan_TheFirstSpan_IsShort()
    {
        Session[] sessions = [.. Enumerable.Range(0, 1000).Select(i => new Session(new FlowKey("h1", 1, (ulong)i), i * Second, (i + 5) * Second))];
        Arrange(sessions);

        List<PacketSegment> plan = PacketPlan.Make(sessions, new TimeRange(0, long.MaxValue), mostFlows: 100);

        AssertCovers(plan, sessions);
        Assert.Equal(25, plan[0].Flows!.Count);
        Assert.All(plan[1..^1], s => Assert.Equal(100, s.Flows!.Count));
    }

    [Fact]
    public void Plan_ACrowd_IsReadWithoutNames()
    {
        Session[] sessions = [.. Enumerable.Range(0, 1000).Select(i => new Session(new FlowKey("h1", 1, (ulong)i), (1000 + i) * Second, (3000 + i) * Second))];
        Arrange(sessions);

        List<PacketSegment> plan = PacketPlan.Make(sessions, new TimeRange(0, long.MaxValue), mostFlows: 10);

        AssertCovers(plan, sessions);
        Assert.Contains(plan, s => s.Flows is null);
        Assert.InRange(plan.Count, 2, 30);
    }

    [Fact]
    public void Plan_RandomSessions_CoversEachExactlyOnce()
    {
        var random = new Random(5);
        for (int round = 0; round < 200; round++)
        {
            Session[] sessions = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ =>
            {
                long from = random.Next(1, 2000) * Second;
                return new Session(new FlowKey("h1", 1, (ulong)random.Next(40)), from, random.Next(4) == 0 ? null : from + (random.Next(1, 300) * Second));
            })];
            Arrange(sessions);

            AssertCovers(PacketPlan.Make(sessions, new TimeRange(0, 4000 * Second), mostFlows: 5), sessions);
        }
    }

    [Fact]
    public void Plan_EveryPacketOfATime_NamesFlowsOutsideOfItAlone()
    {
        Session[] sessions = [.. Enumerable.Range(0, 300).Select(i => new Session(new FlowKey("h1", 1, (ulong)i), i * 10 * Second, ((i * 10) + 60) * Second))];
        Arrange(sessions);
        var whole = new TimeRange((1000 * Second) + 1, (2000 * Second) + 1);

        List<PacketSegment> plan = PacketPlan.Make(sessions, new TimeRange(0, 4000 * Second), whole, mostFlows: 20);

        AssertCovers(plan, sessions);
        Assert.All(plan, s => Assert.Equal(s.Range.From >= whole.From && s.Range.To <= whole.To, s.Flows is null));
        Assert.Contains(plan, s => s.Flows is null && s.Range.From == (1000 * Second) + 1000); // spans meet at whole microseconds
        Assert.Contains(plan, s => s.Flows is null && s.Range.To == 2000 * Second);
        Assert.True(plan.Count(s => s.Flows is null) > 3, "what is sorted at once stays small");
    }

    [Fact]
    public void EveryPacket_OfFilters_IsTheirTimeAlone()
    {
        EventFilter hour = EventFilter.All with { From = 5, To = 7 };

        Assert.Equal(new TimeRange(5, 7), hour.EveryPacket);
        Assert.Equal(new TimeRange(5, 7), (hour with { Topics = ["tls", "packet"] }).EveryPacket);
        Assert.Equal(new TimeRange(long.MinValue, long.MaxValue), EventFilter.All.EveryPacket);
        Assert.All(
            (EventFilter[])
            [
                hour with { Topics = ["tls"] }, hour with { Hosts = ["h"] }, hour with { Pids = [1] }, hour with { Text = "x" }, hour with { Connections = [1] }, hour with { Ports = [80] },
                hour with { Processes = ["p"] }, hour with { Uids = [0] }, hour with { Flows = [1] }, hour with { Expression = FilterExpression.Parse("pid == 1") },
            ],
            f => Assert.Null(f.EveryPacket));
    }

    private static void AssertCovers(List<PacketSegment> plan, Session[] sessions)
    {
        for (int i = 1; i < plan.Count; i++)
        {
            Assert.True(plan[i - 1].Range.To <= plan[i].Range.From);
        }

        foreach (Session session in sessions)
        {
            long from = Math.Max(0, session.ZoneFrom);
            long to = Math.Min(session.LastPossible, 4000 * Second);
            for (long time = from; time < to; time += Math.Max(1, (to - from) / 7))
            {
                PacketSegment segment = Assert.Single(plan, s => s.Range.From <= time && time < s.Range.To);
                Assert.True(segment.Flows is null || segment.Flows.Contains(session.Key.Flow));
            }
        }
    }

    private static void Arrange(Session[] sessions)
    {
        foreach (Session session in sessions)
        {
            session.ZoneFrom = session.From - Second;
        }
    }

    private static FlowSessions Build(params ConnectionExtent[] extents)
    {
        var flow = new FlowSessions(s_key);
        SessionBuilder.Build(flow, extents, 0);
        flow.Arrange();
        return flow;
    }

    private static ConnectionExtent Extent(ulong connection, long? opened = null, long? accepted = null, long? existing = null, long? closed = null)
    {
        var extent = new ConnectionExtent(connection);
        foreach ((long? time, ConnectionState.Types.State state) in new[]
        {
            (opened, ConnectionState.Types.State.Opened), (accepted, ConnectionState.Types.State.Accepted),
            (existing, ConnectionState.Types.State.Existing), (closed, ConnectionState.Types.State.Closed),
        })
        {
            if (time is { } t)
            {
                extent.Add(new ConnectionFact(s_key, connection, Event.ConnectionStateFieldNumber, (byte)state, t * Second, null, null, [], s_nobody, 0));
            }
        }

        return extent;
    }
}
