using ECapture.Events;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Finds out of which matched sessions packets were captured, and of which only plaintext. Most filters say it by the rows that they match; of the others the store is asked.</summary>
internal sealed class SessionWitness(IEventStoreReader store, SessionSet set)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Session[] unsure = [.. set.Matched.Where(s => !s.HasPackets)];
        if (unsure.Length == 0)
        {
            return;
        }

        var range = new TimeRange(
            Math.Max(set.Bounds.From, unsure.Min(s => s.ZoneFrom)), Math.Min(set.Bounds.To, unsure.Max(s => s.LastPossible)));
        await AskAsync([Topics.Packet], range, [.. unsure.Select(s => s.Key.Flow).Distinct()], isFlow: true, cancellationToken).ConfigureAwait(false);
        ulong[] flows = [.. unsure.Where(IsUnknown).Select(s => s.Key.Flow).Distinct()];
        await AskAsync(Session.PlaintextTopics, range, flows, isFlow: true, cancellationToken).ConfigureAwait(false);
        ulong[] connections = [.. unsure.Where(IsUnknown).SelectMany(s => s.Connections).Distinct()];
        await AskAsync(Session.PlaintextTopics, range, connections, isFlow: false, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsUnknown(Session session) => session is { HasPackets: false, HasPlaintext: false };

    private async Task AskAsync(IReadOnlyList<string> topics, TimeRange range, ulong[] ids, bool isFlow, CancellationToken cancellationToken)
    {
        bool isCrowd = ids.Length > KeyChunks.Ids * KeyChunks.Statements;
        foreach (ulong[] chunk in isCrowd ? [[]] : ids.Chunk(KeyChunks.Ids).ToArray())
        {
            var filter = new EventFilter { From = range.From, To = range.To, Topics = topics, Flows = isFlow ? chunk : [], Connections = isFlow ? [] : chunk };
            await foreach (FlowMatch match in store.MatchFlowsAsync(filter, cancellationToken).ConfigureAwait(false))
            {
                foreach (Session session in SessionsOf(match))
                {
                    session.Saw(match.Topic);
                }
            }
        }
    }

    private IEnumerable<Session> SessionsOf(FlowMatch match)
    {
        if (match.Connection != 0 && set.Connections.TryGetValue(new ConnectionKey(match.Key.Host, match.Connection), out HashSet<Session>? owners))
        {
            return owners;
        }

        return match.Key.Flow == 0 ? [] : set.Find(match.Key)?.Sessions.Where(s => match.From < s.LastPossible && match.To >= s.ZoneFrom) ?? [];
    }
}
