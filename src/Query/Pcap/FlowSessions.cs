using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>All known sessions of one flow in the order of time.</summary>
internal sealed class FlowSessions(FlowKey key)
{
    private readonly List<Session> _sessions = [];

    public FlowKey Key { get; } = key;

    public IReadOnlyList<Session> Sessions => _sessions;

    public void Add(Session session) => _sessions.Add(session);

    /// <summary>Sorts, and settles since when a SYN belongs to which session.</summary>
    public void Arrange()
    {
        _sessions.Sort(static (a, b) => a.From.CompareTo(b.From));
        for (int i = 0; i < _sessions.Count; i++)
        {
            Session session = _sessions[i];
            long zone = session.From < long.MinValue + Session.LongestOpening ? long.MinValue : session.From - Session.LongestOpening;
            if (i > 0)
            {
                zone = Math.Max(zone, Math.Min(_sessions[i - 1].End ?? _sessions[i - 1].From, session.From));
            }

            session.ZoneFrom = zone;
        }
    }

    /// <summary>The session that a time surely or probably belongs to; null when none is known around it.</summary>
    public Session? At(long time)
    {
        for (int i = _sessions.Count - 1; i >= 0; i--)
        {
            if (time >= _sessions[i].ZoneFrom)
            {
                return time < _sessions[i].LastPossible ? _sessions[i] : null;
            }
        }

        return null;
    }

    public Session? Of(ulong connection) => _sessions.Find(s => s.Connections.Contains(connection));

    /// <summary>Marks the sessions that rows of these times belong to. Where none is known there is one from the end of the last to the next.</summary>
    public void Match(FlowMatch match)
    {
        if (match.Connection != 0 && Of(match.Connection) is { } named)
        {
            Mark(named, match);
            return;
        }

        bool any = false;
        for (int i = 0; i < _sessions.Count; i++)
        {
            Session session = _sessions[i];
            long until = Math.Min(session.LastPossible, i + 1 < _sessions.Count ? _sessions[i + 1].ZoneFrom : long.MaxValue);
            if (match.From < until && match.To >= session.ZoneFrom && !IsTailOfOther(i, match))
            {
                Mark(session, match);
                any = true;
            }
        }

        if (!any)
        {
            if (_sessions.Find(s => match.From < s.LastPossible && match.To >= s.From) is { } near)
            {
                Mark(near, match);
                return;
            }

            Session? before = _sessions.FindLast(s => s.From <= match.From);
            var unknown = new Session(Key, before is null ? match.From : before.LastPossible, null);
            Mark(unknown, match);
            _sessions.Add(unknown);
            Arrange();
        }
    }

    /// <summary>Between the end of one session and the known begin of the next, rows belong to the nearer one.</summary>
    private bool IsTailOfOther(int index, FlowMatch match) =>
        index > 0 && match.To < _sessions[index].From && _sessions[index - 1].End is { } end && match.From >= end
        && match.From - end < _sessions[index].From - match.To;

    private static void Mark(Session session, FlowMatch match)
    {
        session.IsMatched = true;
        session.Saw(match.Topic);
        session.AddProcess(match.LocalPort, match.Process);
    }
}
