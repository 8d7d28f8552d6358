namespace ECapture.Query.Pcap;

/// <summary>Cuts a flow into sessions, from what is known of its connections or from its SYNs.</summary>
internal static class SessionBuilder
{
    /// <summary>An accept may come this long after the client has already closed.</summary>
    private const long LateAccept = 5_000_000_000;

    /// <summary>
    /// Both ends of a connection on one host are two connections with one extent: those that overlap are one session, unless both were opened
    /// or both accepted.
    /// </summary>
    public static void Build(FlowSessions flow, IReadOnlyCollection<ConnectionExtent> extents, long earliest)
    {
        var groups = new List<List<ConnectionExtent>>();
        foreach (ConnectionExtent extent in extents.Where(e => e.Start is not null).OrderBy(e => e.Start))
        {
            if (groups.Count > 0 && Joins(groups[^1], extent))
            {
                groups[^1].Add(extent);
            }
            else
            {
                groups.Add([extent]);
            }
        }

        // Those that nobody saw begin belong to the session around them, or are one that began after the last ended.
        int known = groups.Count;
        foreach (ConnectionExtent extent in extents.Where(e => e.Start is null).OrderBy(e => e.First))
        {
            List<ConnectionExtent>? around = groups.Take(known).LastOrDefault(g => g[0].Start <= extent.First && !(End(g) < extent.First - LateAccept));
            if (around is null && groups.Count > known && !(End(groups[^1]) < extent.First))
            {
                around = groups[^1];
            }

            if (around is null)
            {
                groups.Add([extent]);
            }
            else
            {
                around.Add(extent);
            }
        }

        foreach (List<ConnectionExtent> group in groups)
        {
            long start = group[0].Start
                ?? groups.Where(g => g != group && End(g) <= group[0].First).Select(g => End(g)!.Value).DefaultIfEmpty(earliest).Max();
            flow.Add(Session(flow, group, start));
        }
    }

    /// <summary>A session from each SYN to the next; what comes before the first is one too.</summary>
    public static void Build(FlowSessions flow, List<(long Time, uint Sequence)> openings, long earliest)
    {
        flow.Add(new Session(flow.Key, earliest, openings.Count > 0 ? openings[0].Time : null));
        for (int i = 0; i < openings.Count; i++)
        {
            if (i > 0 && openings[i].Sequence == openings[i - 1].Sequence)
            {
                continue; // sent again
            }

            int next = i + 1;
            while (next < openings.Count && openings[next].Sequence == openings[i].Sequence)
            {
                next++;
            }

            flow.Add(new Session(flow.Key, openings[i].Time, next < openings.Count ? openings[next].Time : null));
        }
    }

    private static bool Joins(List<ConnectionExtent> group, ConnectionExtent extent)
    {
        if (group.Exists(e => (e.IsOpened && extent.IsOpened) || (e.IsAccepted && extent.IsAccepted)))
        {
            return false;
        }

        long? end = End(group);
        return end is null || extent.Start <= end || (extent.IsAccepted && extent.Start - end < LateAccept);
    }

    private static long? End(List<ConnectionExtent> group) => group.Exists(e => e.End is null) ? null : group.Max(e => e.End);

    private static Session Session(FlowSessions flow, List<ConnectionExtent> group, long start)
    {
        // One end may still be open when the other is closed: only when neither is known to have ended is the session open.
        var session = new Session(flow.Key, start, group.Max(e => e.End));
        foreach (ConnectionExtent extent in group)
        {
            session.Connections.Add(extent.Connection);
            if (extent.IsOpened)
            {
                session.Opened.Add(extent.Connection);
            }

            if (extent.IsAccepted)
            {
                session.Accepted.Add(extent.Connection);
            }

            foreach ((ushort port, Storage.Reading.ProcessFact process) in extent.Processes)
            {
                session.AddProcess(port, process);
            }
        }

        return session;
    }
}
