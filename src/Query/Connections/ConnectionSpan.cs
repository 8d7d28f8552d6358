using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Query.Connections;

/// <summary>
/// Where in time the events are that a filter names. Of connections: a look into the small, indexed <c>connection</c> table spares the large ones, so that finding one connection does not
/// become slower as the history grows.
/// </summary>
internal static class ConnectionSpan
{
    private const long Microsecond = 1000;

    /// <summary>Above so many connections the whole time is looked through.</summary>
    private const int Most = 200;

    /// <summary>Rows about a connection may come late or early: a link is found out, a clock is set.</summary>
    private const long Slack = 3_600_000_000_000;

    /// <summary>The filter with bounds of time, where it names connections whose begin is known and has no bounds of its own.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    public static async Task<EventFilter> NarrowAsync(IEventStoreReader store, EventFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Events.Count > 0 && filter.From is null && filter.To is null && filter.Events.All(e => e.Time is not null))
        {
            // A store that cuts times to microseconds may have it a little earlier.
            return filter with { From = filter.Events.Min(e => e.Time!.Value) - Microsecond, To = filter.Events.Max(e => e.Time!.Value) + Microsecond };
        }

        IReadOnlyList<ulong> named = filter.NamedConnections;
        if (named.Count is 0 or > Most || (filter.From is not null && filter.To is not null))
        {
            return filter;
        }

        var extents = new Dictionary<ConnectionKey, Pcap.ConnectionExtent>();
        await foreach (ConnectionFact fact in store.ConnectionFactsAsync(TimeRange.Always, [], named, cancellationToken).ConfigureAwait(false))
        {
            var key = new ConnectionKey(fact.Key.Host, fact.Connection);
            if (!extents.TryGetValue(key, out Pcap.ConnectionExtent? extent))
            {
                extents.Add(key, extent = new Pcap.ConnectionExtent(fact.Connection));
            }

            extent.Add(fact);
        }

        if (named.Any(id => !extents.Keys.Any(k => k.Connection == id)) || extents.Values.Any(e => e.Start is null))
        {
            return filter; // older than the agent, or nobody told of it
        }

        long from = extents.Values.Min(e => Math.Min(e.Start!.Value, e.First));
        long? to = extents.Values.All(e => e.End is not null) ? extents.Values.Max(e => e.End!.Value) : null;
        return filter with
        {
            From = filter.From ?? (from < Slack ? 0 : from - Slack),
            To = filter.To ?? (to is { } end ? Pcap.Session.Saturated(end, Slack) : null),
        };
    }
}
