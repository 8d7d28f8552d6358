using System.Runtime.CompilerServices;
using ECapture.Query.Connections;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>
/// Finds the whole sessions behind the rows that a filter matched: the flow and time extent of each, its connections, client randoms and
/// processes.
/// </summary>
internal sealed class SessionResolver(IEventStoreReader store, RebuildOptions options)
{
    private const int MostHops = 4;
    private const int MostKept = 50_000; // 10 MB

    private readonly FactIndex _facts = new();
    private readonly List<FlowMatch> _matches = [];

    /// <param name="filter">Whose sessions.</param>
    /// <param name="known">What stands for sessions that are wanted besides.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SessionSet> ResolveAsync(EventFilter filter, IReadOnlyList<FlowMatch> known, CancellationToken cancellationToken)
    {
        var set = new SessionSet();
        long first = long.MaxValue;
        long last = long.MinValue;
        _matches.AddRange(known);
        await foreach (FlowMatch match in MatchAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            _matches.Add(match);
        }

        foreach (FlowMatch match in _matches)
        {
            first = Math.Min(first, match.From);
            last = Math.Max(last, match.To);
            if (match.Key.Flow != 0)
            {
                _facts.Want(match.Key);
            }
            else if (match.Connection != 0)
            {
                _facts.Want(new ConnectionKey(match.Key.Host, match.Connection));
            }
        }

        if (_matches.Count == 0)
        {
            return set;
        }

        var near = new TimeRange(Less(first, Session.LongestOpening), Session.Saturated(last, Session.LongestOpening));
        var before = new TimeRange(Less(near.From, options.LookAround), near.From);
        var after = new TimeRange(near.To, Session.Saturated(near.To, options.LookAround));
        set.Bounds = new TimeRange(before.From, after.To);
        await LoadAsync(near, cancellationToken).ConfigureAwait(false);
        await LoadAsync(before, [.. _facts.Flows.Where(k => !HasStart(k))], [], cancellationToken).ConfigureAwait(false);
        await LoadAsync(after, [.. _facts.Flows.Where(HasOpenEnd)], [], cancellationToken).ConfigureAwait(false);
        foreach (FlowKey key in _facts.Flows)
        {
            SessionBuilder.Build(set.Of(key), _facts.Extents(key).Values, before.From);
        }

        await FindOpeningsAsync(set, new TimeRange(before.From, after.To), cancellationToken).ConfigureAwait(false);
        foreach (FlowSessions flow in set.Flows)
        {
            flow.Arrange();
        }

        Mark(set);
        if (options.Synthetic)
        {
            await new SessionWitness(store, set).RunAsync(cancellationToken).ConfigureAwait(false);
        }

        return set;
    }

    /// <summary>
    /// The rows of a filter. Connections that are asked for by their ids alone are in the <c>connection</c> table, all of them or none of its rows: the large tables need not be
    /// looked through.
    /// </summary>
    private async IAsyncEnumerable<FlowMatch> MatchAsync(EventFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (filter.IsOfConnectionsAlone && filter.Connections.Count <= KeyChunks.Ids)
        {
            List<FlowMatch> found = [];
            await foreach (ConnectionFact fact in store.ConnectionFactsAsync(TimeRange.Always, [], filter.Connections, cancellationToken).ConfigureAwait(false))
            {
                found.Add(new FlowMatch(fact.Key, fact.Connection, fact.Process, fact.LocalPort, fact.Time, fact.Time));
            }

            if (filter.Connections.All(id => found.Exists(m => m.Connection == id && m.Key.Flow != 0)))
            {
                foreach (FlowMatch match in found)
                {
                    yield return match;
                }

                yield break;
            }
        }

        EventFilter narrowed = await ConnectionSpan.NarrowAsync(store, filter, cancellationToken).ConfigureAwait(false);
        await foreach (FlowMatch match in store.MatchFlowsAsync(narrowed, cancellationToken).ConfigureAwait(false))
        {
            yield return match;
        }
    }

    /// <summary>Follows connection to flow to connection until nothing new comes up.</summary>
    private async Task LoadAsync(TimeRange range, CancellationToken cancellationToken)
    {
        var askedFlows = new HashSet<FlowKey>();
        var askedConnections = new HashSet<ConnectionKey>();
        for (int hop = 0; hop < MostHops; hop++)
        {
            FlowKey[] flows = [.. _facts.Flows.Where(askedFlows.Add)];
            ConnectionKey[] connections = [.. _facts.Connections.Where(askedConnections.Add)];
            if (flows.Length + connections.Length == 0)
            {
                return;
            }

            if (await LoadAsync(range, flows, connections, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <returns>True when all facts of the range were looked through, also for what came up meanwhile.</returns>
    private async Task<bool> LoadAsync(
        TimeRange range, FlowKey[] flows, ConnectionKey[] connections, CancellationToken cancellationToken)
    {
        ulong[] flowIds = [.. flows.Select(f => f.Flow).Distinct()];
        ulong[] connectionIds = [.. connections.Select(c => c.Connection).Distinct()];
        if (flowIds.Length + connectionIds.Length == 0)
        {
            return true;
        }

        if (flowIds.Length + connectionIds.Length > KeyChunks.Ids * KeyChunks.Statements)
        {
            return await LoadAllAsync(range, cancellationToken).ConfigureAwait(false);
        }

        IEnumerable<(ulong[] Flows, ulong[] Connections)> chunks =
            flowIds.Chunk(KeyChunks.Ids).Select(c => (c, Array.Empty<ulong>()))
                .Concat(connectionIds.Chunk(KeyChunks.Ids).Select(c => (Array.Empty<ulong>(), c)));
        foreach ((ulong[] someFlows, ulong[] someConnections) in chunks)
        {
            await foreach (ConnectionFact fact in store.ConnectionFactsAsync(range, someFlows, someConnections, cancellationToken).ConfigureAwait(false))
            {
                _facts.Add(fact);
            }
        }

        return false;
    }

    /// <summary>Reads the range once; facts that nobody wants yet are looked at again when more is wanted, unless they are too many to keep.</summary>
    private async Task<bool> LoadAllAsync(TimeRange range, CancellationToken cancellationToken)
    {
        List<ConnectionFact> others = [];
        bool isKept = true;
        await foreach (ConnectionFact fact in store.ConnectionFactsAsync(range, null, null, cancellationToken).ConfigureAwait(false))
        {
            if (!_facts.Add(fact) && isKept)
            {
                others.Add(fact);
                isKept = others.Count < MostKept;
            }
        }

        for (int hop = 1; isKept && hop < MostHops && others.RemoveAll(_facts.Add) > 0; hop++)
        {
            // Each round may have made more of them wanted.
        }

        return isKept;
    }

    /// <summary>Where no fact says when a flow's sessions began, the SYNs do.</summary>
    private async Task FindOpeningsAsync(SessionSet set, TimeRange range, CancellationToken cancellationToken)
    {
        FlowSessions[] unknown = [.. set.Flows.Where(f => f.Sessions.Count == 0)];
        if (unknown.Length == 0)
        {
            return;
        }

        string[] hosts = [.. unknown.Select(f => f.Key.Host).Distinct()];
        ulong[] ids = [.. unknown.Select(f => f.Key.Flow).Distinct()];
        List<ulong[]?> chunks = ids.Length > KeyChunks.Ids * KeyChunks.Statements ? [null] : [.. ids.Chunk(KeyChunks.Ids)];
        var openings = new Dictionary<FlowKey, List<(long Time, uint Sequence)>>();
        foreach (ulong[]? chunk in chunks)
        {
            await using IPacketCursor packets = await store.SmallTcpPacketsAsync(new PacketQuery(range, hosts, chunk), cancellationToken).ConfigureAwait(false);
            while (await packets.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (TcpHeader.IsOpening(packets.Data, out uint sequence))
                {
                    var key = new FlowKey(System.Text.Encoding.UTF8.GetString(packets.Host), packets.NetworkNamespace, packets.Flow);
                    if (!openings.TryGetValue(key, out List<(long, uint)>? list))
                    {
                        openings.Add(key, list = []);
                    }

                    list.Add((packets.Time, sequence));
                }
            }
        }

        foreach (FlowSessions flow in unknown)
        {
            SessionBuilder.Build(flow, openings.GetValueOrDefault(flow.Key) ?? [], range.From);
        }
    }

    private void Mark(SessionSet set)
    {
        foreach (FlowMatch match in _matches)
        {
            if (match.Key.Flow != 0)
            {
                set.Of(match.Key).Match(match);
                continue;
            }

            var connection = new ConnectionKey(match.Key.Host, match.Connection);
            FlowKey[] flows = match.Connection == 0 ? [] : [.. _facts.FlowsOf(connection)];
            foreach (FlowKey key in flows)
            {
                set.Of(key).Match(match with { Key = key });
            }

            if (flows.Length == 0 && options.Synthetic && Session.PlaintextTopics.Contains(match.Topic))
            {
                MarkUnplaced(set, connection, match);
            }
        }

        foreach (ConnectionFact state in _facts.States)
        {
            set.Find(state.Key)?.At(state.Time)?.Take(state);
        }

        foreach (Session session in set.Matched)
        {
            foreach (ulong connection in session.Connections)
            {
                set.AddConnection(new ConnectionKey(session.Key.Host, connection), session);
            }
        }

        foreach ((FlowKey key, ulong connection, long time, byte[] random) in _facts.Randoms)
        {
            if (connection != 0 && set.Connections.TryGetValue(new ConnectionKey(key.Host, connection), out HashSet<Session>? owners))
            {
                foreach (Session owner in owners)
                {
                    set.AddRandom(random, owner);
                }
            }
            else if (key.Flow != 0 && set.Find(key)?.At(time) is { IsMatched: true } session)
            {
                set.AddRandom(random, session);
            }
        }
    }

    private static void MarkUnplaced(SessionSet set, ConnectionKey connection, FlowMatch match)
    {
        (ConnectionKey, uint, ulong) key = match.Connection == 0 ? (connection, match.Process.Pid, match.Process.Start) : (connection, 0, 0);
        if (!set.Unplaced.TryGetValue(key, out Session? session))
        {
            set.Unplaced.Add(key, session = new Session(match.Key, set.Bounds.From, null) { IsMatched = true }); // nobody saw it begin
        }

        session.Saw(match.Topic);
        session.AddProcess(match.LocalPort, match.Process);
    }

    private bool HasStart(FlowKey key)
    {
        Dictionary<ulong, ConnectionExtent> extents = _facts.Extents(key);
        return extents.Count > 0 && extents.Values.All(e => e.Start is not null || e.IsExisting);
    }

    private bool HasOpenEnd(FlowKey key) => _facts.Extents(key).Values.Any(e => e.End is null);

    private static long Less(long time, long less) => time < long.MinValue + less ? long.MinValue : time - less;
}
