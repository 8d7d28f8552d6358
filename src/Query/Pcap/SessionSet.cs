using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>The sessions of all flows that a filter touches.</summary>
internal sealed class SessionSet
{
    private readonly Dictionary<FlowKey, FlowSessions> _flows = [];

    /// <summary>Where packets of the sessions are looked for.</summary>
    public TimeRange Bounds { get; set; }

    public IReadOnlyCollection<FlowSessions> Flows => _flows.Values;

    public IEnumerable<Session> Matched => _flows.Values.SelectMany(f => f.Sessions).Where(s => s.IsMatched);

    /// <summary>
    /// Matched sessions of which nobody saw a socket (a UNIX socket, a library that is given buffers): a connection, or a process of a PostgreSQL server. There are no packets of them.
    /// </summary>
    public Dictionary<(ConnectionKey Connection, uint Pid, ulong Start), Session> Unplaced { get; } = [];

    /// <summary>Which sessions a client random belongs to.</summary>
    public Dictionary<ClientRandom, HashSet<Session>> Randoms { get; } = [];

    /// <summary>Which sessions a connection belongs to.</summary>
    public Dictionary<ConnectionKey, HashSet<Session>> Connections { get; } = [];

    public FlowSessions Of(FlowKey key)
    {
        if (!_flows.TryGetValue(key, out FlowSessions? flow))
        {
            _flows.Add(key, flow = new FlowSessions(key));
        }

        return flow;
    }

    public FlowSessions? Find(FlowKey key) => _flows.GetValueOrDefault(key);

    public void AddRandom(byte[] random, Session session) => Add(Randoms, ClientRandom.Of(random), session);

    public void AddConnection(ConnectionKey key, Session session) => Add(Connections, key, session);

    private static void Add<TKey>(Dictionary<TKey, HashSet<Session>> index, TKey key, Session session)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out HashSet<Session>? sessions))
        {
            index.Add(key, sessions = []);
        }

        sessions.Add(session);
    }
}
