using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap.Live;

/// <summary>The sessions that a follower has met: they go on when no further row of theirs matches the filter.</summary>
internal sealed class FollowedSessions
{
    /// <summary>The begin of a session that is known by its packets alone may be found anew.</summary>
    private const long SameBegin = 1_000_000_000;

    private static readonly ProcessFact s_nobody = new(0, 0, uint.MaxValue, "", 0);

    private readonly List<Followed> _sessions = [];

    /// <summary>What stands for them in the next look into the store.</summary>
    public IReadOnlyList<FlowMatch> Matches(long until) =>
        [.. _sessions.Select(s => new FlowMatch(s.Key, s.Connection, s.Process, s.Port, Math.Min(s.Last, until), Math.Min(s.Last, until)))];

    /// <summary>Takes what the store says of them now, and forgets those that are over.</summary>
    public void Update(SessionSet set, long until)
    {
        foreach (Session session in set.Matched)
        {
            if (Find(session) is not { } followed)
            {
                _sessions.Add(followed = new Followed(session.Key));
            }

            followed.Take(session, until);
        }

        _sessions.RemoveAll(s => s.LastPossible < until - Session.Tail);
    }

    /// <summary>True when its packets up to the last round are in the file.</summary>
    public bool IsShown(Session session) => Find(session)?.IsShown == true;

    public void Show(Session session)
    {
        if (Find(session) is { } followed)
        {
            followed.IsShown = true;
        }
    }

    private Followed? Find(Session session) =>
        _sessions.Find(s => s.Key == session.Key && (s.Connections.Overlaps(session.Connections) || Math.Abs(s.From - session.From) < SameBegin));

    private sealed class Followed(FlowKey key)
    {
        public FlowKey Key { get; } = key;

        public HashSet<ulong> Connections { get; } = [];

        public ulong Connection { get; private set; }

        public ProcessFact Process { get; private set; } = s_nobody;

        public ushort Port { get; private set; }

        public long From { get; private set; }

        public long Last { get; private set; }

        public long LastPossible { get; private set; }

        public bool IsShown { get; set; }

        public void Take(Session session, long until)
        {
            From = session.From;
            Last = Math.Min(session.End ?? until, until);
            LastPossible = session.LastPossible;
            Connections.UnionWith(session.Connections);
            Connection = session.Connections.FirstOrDefault();
            foreach ((ushort port, ProcessFact process) in session.Processes)
            {
                (Port, Process) = (port, process);
                break;
            }
        }
    }
}
