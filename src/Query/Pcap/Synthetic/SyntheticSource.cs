using System.Globalization;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>The plaintext and the statements of the synthetic sessions, in the order of their times.</summary>
internal sealed class SyntheticSource(IEventStoreReader store, Rebuild rebuild, TimeRange? window) : IAsyncDisposable
{
    /// <summary>Above so many the rows of all sessions are read, and chosen here.</summary>
    private const int MostNamed = 150;

    private readonly HashSet<Session> _sessions = [.. rebuild.Synthetic];
    private IAsyncEnumerator<StoredEvent>? _events;
    private (StoredEvent Event, Session Session)? _next;
    private bool _isAtEnd;

    /// <summary>The next event, without taking it; null at the end.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    public async ValueTask<(StoredEvent Event, Session Session)?> PeekAsync(CancellationToken cancellationToken)
    {
        _events ??= store.SearchAsync(Filter(), EventOrder.Oldest, null, null, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (_next is null && !_isAtEnd)
        {
            if (!await _events.MoveNextAsync().ConfigureAwait(false))
            {
                _isAtEnd = true;
            }
            else if (SessionOf(_events.Current) is { } session && (window is not { } w || (_events.Current.Time >= w.From && _events.Current.Time < w.To)))
            {
                _next = (_events.Current, session);
            }
        }

        return _next;
    }

    /// <summary>Takes what <see cref="PeekAsync"/> gave.</summary>
    public void Take() => _next = null;

    public ValueTask DisposeAsync() => _events?.DisposeAsync() ?? ValueTask.CompletedTask;

    private EventFilter Filter()
    {
        Session[] sessions = rebuild.Synthetic;
        TimeRange bounds = rebuild.Set.Bounds;
        long from = Math.Max(bounds.From, sessions.Min(s => s.ZoneFrom));
        long to = Math.Min(bounds.To, sessions.Max(s => s.LastPossible));
        string[] flows = [.. sessions.Where(s => s.Key.Flow != 0).Select(s => Id(s.Key.Flow)).Distinct()];
        string[] connections =
        [
            .. sessions.SelectMany(s => s.Connections).Concat(rebuild.Set.Unplaced.Keys.Select(k => k.Connection.Connection)).Where(c => c != 0).Distinct().Select(Id),
        ];
        string[] pids = [.. rebuild.Set.Unplaced.Keys.Where(k => k.Connection.Connection == 0).Select(k => k.Pid.ToString(CultureInfo.InvariantCulture)).Distinct()];
        bool isNamed = flows.Length + connections.Length + pids.Length <= MostNamed;
        string[] conditions =
        [
            flows.Length == 0 ? "" : $"flow in ({string.Join(',', flows)})", connections.Length == 0 ? "" : $"connection in ({string.Join(',', connections)})",
            pids.Length == 0 ? "" : $"(module == {Topics.Postgres} and pid in ({string.Join(',', pids)}))",
        ];
        return new EventFilter
        {
            Topics = Session.PlaintextTopics,
            Hosts = [.. sessions.Select(s => s.Key.Host).Distinct()],
            From = window is { } w ? Math.Max(from, w.From) : from,
            To = window is { } x ? Math.Min(to, x.To) : to,
            Expression = isNamed ? FilterExpression.Parse(string.Join(" or ", conditions.Where(c => c.Length > 0))) : null,
        };
    }

    private Session? SessionOf(StoredEvent stored)
    {
        Event e = stored.Event;
        Session? found = null;
        var connection = new ConnectionKey(e.Host, e.Connection);
        if (e.Connection != 0)
        {
            found = (rebuild.Set.Connections.TryGetValue(connection, out HashSet<Session>? owners) ? owners.FirstOrDefault(_sessions.Contains) : null)
                ?? rebuild.Set.Unplaced.GetValueOrDefault((connection, 0u, 0ul));
        }

        if (found is null && e.Flow is { Id: not 0 } flow)
        {
            found = rebuild.Set.Find(new FlowKey(e.Host, flow.NetworkNamespace, flow.Id))?.At(stored.Time);
        }

        if (found is null && e.Connection == 0 && e.Process is { } process)
        {
            found = rebuild.Set.Unplaced.GetValueOrDefault((connection, process.Pid, process.StartNs));
        }

        return found is not null && _sessions.Contains(found) ? found : null;
    }

    private static string Id(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);
}
