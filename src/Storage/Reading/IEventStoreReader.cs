namespace ECapture.Storage.Reading;

/// <summary>Reads of a store, the same over ClickHouse and PostgreSQL. Calls may be made from several threads.</summary>
public interface IEventStoreReader
{
    /// <summary>The store's address, without its password.</summary>
    string Address { get; }

    /// <summary>True when the next span of packets may be asked for while one is read, so that the store sorts it meanwhile.</summary>
    bool ReadsAhead { get; }

    /// <summary>Checks that the store answers.</summary>
    /// <exception cref="StoreException">It does not.</exception>
    Task PingAsync(CancellationToken cancellationToken);

    /// <summary>Rows and newest event of every topic.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<TopicStatus>> StatusAsync(CancellationToken cancellationToken);

    /// <summary>Counts events in spans of equal length, per topic. Without topics it looks through all. Empty spans are left out.</summary>
    /// <param name="filter">What to count; it has a begin.</param>
    /// <param name="width">Nanoseconds of a span.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<HistogramBucket>> HistogramAsync(EventFilter filter, long width, CancellationToken cancellationToken);

    /// <summary>
    /// Streams the events that a filter matches. Without topics it looks through all but <c>packet</c> and <c>secret</c>. Shell commands
    /// and processes come with their results.
    /// </summary>
    /// <param name="filter">What to look for.</param>
    /// <param name="order">Newest or oldest first.</param>
    /// <param name="after">Where the last search ended, or null.</param>
    /// <param name="limit">Most events, or null for all.</param>
    /// <param name="cancellationToken">Ends the search in the store, too.</param>
    /// <exception cref="StoreException">The store failed.</exception>
    IAsyncEnumerable<StoredEvent> SearchAsync(
        EventFilter filter, EventOrder order, EventCursor? after, int? limit, CancellationToken cancellationToken);

    /// <summary>
    /// Flows and connections of the rows that a filter matches. Without topics it looks through <c>packet</c>, <c>tls</c>,
    /// <c>connection</c> and <c>postgres</c>.
    /// </summary>
    /// <exception cref="StoreException">The store failed.</exception>
    IAsyncEnumerable<FlowMatch> MatchFlowsAsync(EventFilter filter, CancellationToken cancellationToken);

    /// <summary>States and links of connections in a span of time.</summary>
    /// <param name="range">Times of the rows.</param>
    /// <param name="flows">Flow ids to look for; with <paramref name="connections"/> null: rows of any flow.</param>
    /// <param name="connections">Connection ids to look for besides.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="StoreException">The store failed.</exception>
    IAsyncEnumerable<ConnectionFact> ConnectionFactsAsync(
        TimeRange range, IReadOnlyCollection<ulong>? flows, IReadOnlyCollection<ulong>? connections, CancellationToken cancellationToken);

    /// <summary>How much plaintext the connections of rows that a filter matches have, by direction and module.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<ConnectionTraffic>> TrafficAsync(EventFilter filter, CancellationToken cancellationToken);

    /// <summary>SQL statements by fingerprint, the most frequent first.</summary>
    /// <param name="filter">Which statements; other topics than those of SQL are left out.</param>
    /// <param name="limit">Most groups.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<StatementGroup>> StatementGroupsAsync(EventFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>Secrets in a span of time.</summary>
    /// <param name="range">Times of the rows.</param>
    /// <param name="clientRandoms">Client randoms of 32 bytes to look for; null: of any.</param>
    /// <param name="flows">Flow ids to look for besides.</param>
    /// <param name="connections">Connection ids to look for besides.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="StoreException">The store failed.</exception>
    IAsyncEnumerable<StoredSecret> SecretsAsync(
        TimeRange range, IReadOnlyCollection<byte[]>? clientRandoms, IReadOnlyCollection<ulong> flows, IReadOnlyCollection<ulong> connections,
        CancellationToken cancellationToken);

    /// <summary>Whom the secrets of the whole store are sealed to.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<SealedRows>> SealedRowsAsync(CancellationToken cancellationToken);

    /// <summary>Interfaces of packets; none where each packet says it of its own (<see cref="IPacketCursor.LinkType"/>).</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IReadOnlyList<StoredInterface>> InterfacesAsync(PacketQuery query, CancellationToken cancellationToken);

    /// <summary>Packets in the order of their times.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IPacketCursor> PacketsAsync(PacketQuery query, CancellationToken cancellationToken);

    /// <summary>The first bytes of small TCP packets, in the order of their times: enough to see which open a connection.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    Task<IPacketCursor> SmallTcpPacketsAsync(PacketQuery query, CancellationToken cancellationToken);
}
