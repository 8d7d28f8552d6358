using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Connections;

/// <summary>Connections of the events that a filter matches, one each. A projection at the time of asking: nothing of it is stored.</summary>
/// <param name="store">Where the events are.</param>
/// <param name="own">A condition on whatever is read; null: none.</param>
internal sealed class ConnectionList(IEventStoreReader store, FilterExpression? own)
{
    /// <summary>Events of the module connection that are looked at for one list.</summary>
    public const int MostEvents = 20_000;

    private const long Day = 86_400_000_000_000;

    // The ClientHello is on the wire before the library says whose it is, and events of two topics are not in order.
    private const long Slack = 5_000_000_000;

    /// <summary>The newest connections.</summary>
    /// <param name="filter">What one of their events must match.</param>
    /// <param name="limit">Most connections.</param>
    /// <param name="after">Where the page before ended; null: the first page.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    /// <returns>The connections, the newest first, and where the next page goes on; null: there are no more. A page may have fewer than there are.</returns>
    /// <exception cref="StoreException">The store failed.</exception>
    public async Task<(IReadOnlyList<ConnectionView> Connections, EventCursor? Next)> RunAsync(
        EventFilter filter, int limit, EventCursor? after, CancellationToken cancellationToken)
    {
        filter = filter with { Topics = [Topics.Connection] };
        var ids = new HashSet<(string Host, ulong Connection)>();
        var wires = new List<StoredEvent>();
        var flows = new HashSet<ulong>();
        long from = long.MaxValue;
        long to = long.MinValue;
        int seen = 0;
        bool isCut = false;
        EventCursor? last = null;
        var ties = new HashSet<EventId>();
        await foreach (StoredEvent e in store.SearchAsync(filter, EventOrder.Newest, after, MostEvents, cancellationToken).ConfigureAwait(false))
        {
            isCut = ++seen == MostEvents;
            if (e.Event.Connection != 0 ? !ids.Contains((e.Event.Host, e.Event.Connection)) : e.Event.Flow is { Id: var id } && !flows.Contains(id))
            {
                if (ids.Count + flows.Count >= limit)
                {
                    isCut = true;
                    break;
                }

                _ = e.Event.Connection != 0 ? ids.Add((e.Event.Host, e.Event.Connection)) : flows.Add(e.Event.Flow!.Id);
            }

            if (e.Event.Connection == 0 && e.Event.Flow is not null)
            {
                wires.Add(e);
            }

            last = e.Cursor;
            if (e.Time == after?.Time)
            {
                ties.Add(e.Id);
            }

            from = Math.Min(from, e.Time);
            to = Math.Max(to, e.Time);
        }

        if (seen == 0)
        {
            return ([], null);
        }

        EventFilter around = EventFilter.All with { From = from - Day, To = to + Day, Expression = own };
        Dictionary<(string Host, ulong Connection), ConnectionView> views = [];
        List<ConnectionView> nameless = await FindWiresAsync(around, ids, wires, flows, cancellationToken).ConfigureAwait(false);
        await AddEventsAsync(around, ids, views, cancellationToken).ConfigureAwait(false);
        await AddFactsAsync(around, views, cancellationToken).ConfigureAwait(false);
        if (after is { } cursor)
        {
            await RemoveShownAsync(filter with { From = cursor.Time }, e => e.Time > cursor.Time || !ties.Contains(e.Id), views, cancellationToken).ConfigureAwait(false);
        }

        return ([.. views.Values.Concat(nameless).OrderByDescending(v => v.Opened ?? v.Last).ThenBy(v => v.Connection)], isCut ? last : null);
    }

    // A connection stands on the page of its newest event; its older ones come by again.
    private async Task RemoveShownAsync(
        EventFilter newer, Func<StoredEvent, bool> isOfEarlierPage, Dictionary<(string Host, ulong Connection), ConnectionView> views, CancellationToken cancellationToken)
    {
        ulong[] connections = [.. views.Keys.Select(k => k.Connection).Distinct()];
        ulong[] flows = [.. views.Values.Where(v => v.Flow is not null).Select(v => v.Flow!.Id).Distinct()];
        ConnectionView[] all = [.. views.Values];
        foreach (EventFilter of in (EventFilter[])[newer with { Connections = connections }, newer with { Flows = flows }])
        {
            if (of.Connections.Count + of.Flows.Count == 0)
            {
                continue;
            }

            await foreach (StoredEvent e in store.SearchAsync(of, EventOrder.Newest, null, null, cancellationToken).ConfigureAwait(false))
            {
                foreach (ConnectionView view in isOfEarlierPage(e) ? all.Where(v => IsOf(e, v)) : [])
                {
                    views.Remove((view.Host, view.Connection));
                }
            }
        }
    }

    private static bool IsOf(StoredEvent e, ConnectionView view) =>
        e.Event.Host == view.Host
        && (e.Event.Connection != 0 ? e.Event.Connection == view.Connection : e.Event.Flow is { } flow && flow.Id == view.Flow?.Id && view.Covers(e.Time, Slack));

    // What the wire alone said belongs to a connection of its flow and time; where there is none, it is one itself.
    private async Task<List<ConnectionView>> FindWiresAsync(
        EventFilter around, HashSet<(string Host, ulong Connection)> ids, List<StoredEvent> wires, HashSet<ulong> flows, CancellationToken cancellationToken)
    {
        List<ConnectionView> nameless = [];
        if (wires.Count == 0)
        {
            return nameless;
        }

        Dictionary<(string Host, ulong Connection), ConnectionView> owners = [];
        await foreach (StoredEvent e in ReadAsync(around with { Flows = [.. flows] }, cancellationToken).ConfigureAwait(false))
        {
            if (e.Event.Connection != 0)
            {
                View(owners, e).Take(e);
            }
        }

        foreach (StoredEvent wire in wires)
        {
            ConnectionView? owner = owners.Values.FirstOrDefault(o => o.Host == wire.Event.Host && o.Flow?.Id == wire.Event.Flow.Id && o.Covers(wire.Time, Slack));
            if (owner is not null)
            {
                ids.Add((owner.Host, owner.Connection));
                continue;
            }

            ConnectionView view = new() { Host = wire.Event.Host, Connection = 0 };
            view.Take(wire);
            nameless.Add(view);
        }

        return nameless;
    }

    private async Task AddEventsAsync(
        EventFilter around, HashSet<(string Host, ulong Connection)> ids, Dictionary<(string Host, ulong Connection), ConnectionView> views, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return;
        }

        await foreach (StoredEvent e in ReadAsync(around with { Connections = [.. ids.Select(i => i.Connection).Distinct()] }, cancellationToken).ConfigureAwait(false))
        {
            if (ids.Contains((e.Event.Host, e.Event.Connection)))
            {
                View(views, e).Take(e);
            }
        }

        ILookup<(string Host, ulong Flow), ConnectionView> byFlow = views.Values.Where(v => v.Flow is not null).ToLookup(v => (v.Host, v.Flow!.Id));
        if (byFlow.Count == 0)
        {
            return;
        }

        await foreach (StoredEvent e in ReadAsync(around with { Flows = [.. byFlow.Select(g => g.Key.Flow).Distinct()] }, cancellationToken).ConfigureAwait(false))
        {
            if (e.Event.Connection == 0 && byFlow[(e.Event.Host, e.Event.Flow.Id)].FirstOrDefault(v => v.Covers(e.Time, Slack)) is { } view)
            {
                view.Take(e);
            }
        }
    }

    private async Task AddFactsAsync(EventFilter around, Dictionary<(string Host, ulong Connection), ConnectionView> views, CancellationToken cancellationToken)
    {
        if (views.Count == 0)
        {
            return;
        }

        EventFilter filter = around with { Connections = [.. views.Keys.Select(k => k.Connection).Distinct()] };
        foreach (ConnectionTraffic traffic in await store.TrafficAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            views.GetValueOrDefault((traffic.Host, traffic.Connection))?.Take(traffic);
        }

        await foreach (StoredEvent e in store.SearchAsync(filter with { Topics = [Topics.Secret] }, EventOrder.Newest, null, MostEvents, cancellationToken).ConfigureAwait(false))
        {
            views.GetValueOrDefault((e.Event.Host, e.Event.Connection))?.TakeLabel(e.Event.TlsSecret?.Label ?? "");
        }
    }

    private IAsyncEnumerable<StoredEvent> ReadAsync(EventFilter filter, CancellationToken cancellationToken) =>
        store.SearchAsync(filter with { Topics = [Topics.Connection] }, EventOrder.Newest, null, MostEvents, cancellationToken);

    private static ConnectionView View(Dictionary<(string Host, ulong Connection), ConnectionView> views, StoredEvent e)
    {
        (string, ulong) key = (e.Event.Host, e.Event.Connection);
        if (!views.TryGetValue(key, out ConnectionView? view))
        {
            views.Add(key, view = new ConnectionView { Host = e.Event.Host, Connection = e.Event.Connection });
        }

        return view;
    }
}
