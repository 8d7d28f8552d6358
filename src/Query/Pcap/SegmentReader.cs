using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>The packets of a plan, span by span. Where the store sorts before it sends, the next span is asked for while one is read.</summary>
internal sealed class SegmentReader(IEventStoreReader store, IReadOnlyList<PacketSegment> plan, string[] hosts) : IAsyncDisposable
{
    private IPacketCursor? _current;
    private Task<IPacketCursor>? _next;
    private int _at;

    /// <summary>The next span; the one before is given back.</summary>
    /// <returns>Null at the end.</returns>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    public async ValueTask<IPacketCursor?> NextAsync(CancellationToken cancellationToken)
    {
        if (_current is not null)
        {
            await _current.DisposeAsync().ConfigureAwait(false);
            _current = null;
        }

        if (_at == plan.Count)
        {
            return null;
        }

        Task<IPacketCursor> next = _next ?? OpenAsync(_at, cancellationToken);
        _at++;
        _next = store.ReadsAhead && _at < plan.Count ? OpenAsync(_at, cancellationToken) : null;
        return _current = await next.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_current is not null)
        {
            await _current.DisposeAsync().ConfigureAwait(false);
        }

        if (_next is not null)
        {
            await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_next.IsCompletedSuccessfully)
            {
                await _next.Result.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private Task<IPacketCursor> OpenAsync(int at, CancellationToken cancellationToken) =>
        store.PacketsAsync(new PacketQuery(plan[at].Range, hosts, plan[at].Flows), cancellationToken);
}
