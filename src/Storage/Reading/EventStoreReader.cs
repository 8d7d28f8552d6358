using ECapture.Storage.Reading.Reads;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading;

/// <summary>The reads of an open store.</summary>
public sealed class EventStoreReader : IEventStoreReader
{
    private readonly Store _store;
    private readonly ISqlStore _sql;

    /// <summary>Creates the reads; the store stays the caller's.</summary>
    public EventStoreReader(Store store)
        : this(store ?? throw new ArgumentNullException(nameof(store)), SqlStore.Of(store))
    {
    }

    /// <summary>Creates the reads over statements that somebody looks at.</summary>
    internal EventStoreReader(Store store, ISqlStore sql)
    {
        _store = store;
        _sql = sql;
    }

    /// <inheritdoc/>
    public string Address => _store.Address.Text;

    /// <inheritdoc/>
    public bool ReadsAhead => _sql.CutsTimes; // PostgreSQL: it sorts first and sends then

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => _store.PingAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TopicStatus>> StatusAsync(CancellationToken cancellationToken) =>
        StatusRead.RunAsync(_sql, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistogramBucket>> HistogramAsync(EventFilter filter, long width, CancellationToken cancellationToken) =>
        HistogramRead.RunAsync(_sql, filter, width, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredEvent> SearchAsync(
        EventFilter filter, EventOrder order, EventCursor? after, int? limit, CancellationToken cancellationToken) =>
        SearchRead.RunAsync(_sql, filter, order, after, limit, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<FlowMatch> MatchFlowsAsync(EventFilter filter, CancellationToken cancellationToken) =>
        FlowMatchRead.RunAsync(_sql, filter, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ConnectionFact> ConnectionFactsAsync(
        TimeRange range, IReadOnlyCollection<ulong>? flows, IReadOnlyCollection<ulong>? connections, CancellationToken cancellationToken) =>
        ConnectionFactRead.RunAsync(_sql, range, flows, connections, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ConnectionTraffic>> TrafficAsync(EventFilter filter, CancellationToken cancellationToken) =>
        TrafficRead.RunAsync(_sql, filter, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StatementGroup>> StatementGroupsAsync(EventFilter filter, int limit, CancellationToken cancellationToken) =>
        StatementGroupRead.RunAsync(_sql, filter, limit, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredSecret> SecretsAsync(
        TimeRange range, IReadOnlyCollection<byte[]>? clientRandoms, IReadOnlyCollection<ulong> flows, IReadOnlyCollection<ulong> connections,
        CancellationToken cancellationToken) =>
        SecretRead.RunAsync(_sql, range, clientRandoms, flows, connections, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SealedRows>> SealedRowsAsync(CancellationToken cancellationToken) =>
        SealedRowsRead.RunAsync(_sql, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredInterface>> InterfacesAsync(PacketQuery query, CancellationToken cancellationToken) =>
        InterfaceRead.RunAsync(_sql, query, cancellationToken);

    /// <inheritdoc/>
    public Task<IPacketCursor> PacketsAsync(PacketQuery query, CancellationToken cancellationToken) =>
        PacketRead.OpenAsync(_sql, query, cancellationToken);

    /// <inheritdoc/>
    public Task<IPacketCursor> SmallTcpPacketsAsync(PacketQuery query, CancellationToken cancellationToken) =>
        PacketRead.OpenSmallTcpAsync(_sql, query, cancellationToken);
}
