using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>
/// Cuts the time of many sessions into spans that follow each other, each read by one statement, so that packets come in the order of time
/// without being sorted or kept here.
/// </summary>
internal static class PacketPlan
{
    private const long Microsecond = 1000; // one store keeps no less

    /// <param name="sessions">Whose packets are wanted.</param>
    /// <param name="bounds">No packet beyond it is.</param>
    /// <param name="whole">Within it every packet is: naming flows would only cost the store; null: nowhere.</param>
    /// <param name="mostFlows">Flows that a span names at most.</param>
    public static List<PacketSegment> Make(IEnumerable<Session> sessions, TimeRange bounds, TimeRange? whole = null, int mostFlows = KeyChunks.Ids)
    {
        var changes = new List<(long Time, bool IsEnd, ulong Flow)>();
        foreach (Session session in sessions)
        {
            long from = Math.Max(session.ZoneFrom, bounds.From);
            long to = Math.Min(session.LastPossible, bounds.To);
            if (from < to)
            {
                changes.Add((from, false, session.Key.Flow));
                changes.Add((to, true, session.Key.Flow));
            }
        }

        changes.Sort(static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : b.IsEnd.CompareTo(a.IsEnd));
        var plan = new List<PacketSegment>();
        var active = new Dictionary<ulong, int>();
        var named = new HashSet<ulong>();
        long start = 0;
        bool isUnnamed = false;
        foreach ((long time, bool isEnd, ulong flow) in changes)
        {
            if (isEnd)
            {
                if (--active[flow] == 0)
                {
                    active.Remove(flow);
                }

                // After a crowd, names are worth while again when few are left.
                if (active.Count == 0 || (isUnnamed && active.Count < mostFlows / 4))
                {
                    Add(plan, start, time, isUnnamed ? null : named, whole);
                    start = time;
                    isUnnamed = false;
                    named = [.. active.Keys];
                }

                continue;
            }

            if (active.Count == 0)
            {
                start = time;
                named = [];
            }

            active[flow] = active.GetValueOrDefault(flow) + 1;
            // The first span is short: until its packets are sorted nothing is written.
            if (!isUnnamed && named.Add(flow) && named.Count > (plan.Count == 0 ? Math.Max(1, mostFlows / 4) : mostFlows))
            {
                named.Remove(flow);
                Add(plan, start, time, named, whole);
                start = Math.Max(start, time);
                isUnnamed = active.Count > mostFlows / 2;
                named = [.. active.Keys];
            }
        }

        return plan;
    }

    private static void Add(List<PacketSegment> plan, long from, long to, HashSet<ulong>? flows, TimeRange? whole)
    {
        if (flows is not null && whole is { } span)
        {
            long begin = Math.Clamp(span.From > long.MaxValue - Microsecond ? span.From : Floor(span.From + Microsecond - 1), from, Math.Max(from, to));
            long end = Math.Clamp(Floor(span.To), begin, Math.Max(begin, to));
            Add(plan, from, begin, flows, null);
            Add(plan, begin, end, null, null);
            Add(plan, end, to, flows, null);
            return;
        }

        if (from < to)
        {
            plan.Add(new PacketSegment(new TimeRange(from, to), flows));
        }
    }

    // Spans meet at whole microseconds: else a packet between would be in both.
    private static long Floor(long time) => time < long.MinValue + Microsecond ? time : time - (((time % Microsecond) + Microsecond) % Microsecond);
}
