using System.Runtime.CompilerServices;
using System.Text;
using ECapture.Events;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Reads;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Partitions;

/// <summary>What retention, archive and holds need of a store: whole partitions of event tables, and the books about them.</summary>
public abstract class PartitionStore
{
    /// <summary>The name of the one lease.</summary>
    protected const string LeaseName = "retention";

    private readonly ISqlStore _sql;

    private protected PartitionStore(ISqlStore sql) => _sql = sql;

    /// <summary>The partitions of an open store.</summary>
    /// <param name="store">The store; it stays the caller's.</param>
    /// <param name="capacity">Bytes of the volume that PostgreSQL's data are on, when it cannot be asked; null: unknown.</param>
    public static PartitionStore Of(Store store, long? capacity = null) => store switch
    {
        ClickHouseStore clickHouse => new ClickHousePartitionStore(clickHouse),
        PostgresStore postgres => new PostgresPartitionStore(postgres, capacity),
        _ => throw new ArgumentOutOfRangeException(nameof(store)),
    };

    /// <summary>The partitions of all event tables, oldest first.</summary>
    public abstract Task<IReadOnlyList<StoredPartition>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The volume; null when it cannot be known.</summary>
    public abstract Task<StoreSpace?> SpaceAsync(CancellationToken cancellationToken);

    /// <summary>Takes the lease; null while another has it.</summary>
    public abstract Task<IStoreLease?> TryLeaseAsync(CancellationToken cancellationToken);

    /// <summary>Ends or undoes what a process that died under the lease had begun.</summary>
    /// <returns>What was put right, for people.</returns>
    public abstract Task<IReadOnlyList<string>> RecoverAsync(IStoreLease lease, CancellationToken cancellationToken);

    /// <summary>Writes into <c>expired</c> what the partition holds, and drops it.</summary>
    /// <exception cref="StoreException">The store refused; what it did is put right by <see cref="RecoverAsync"/>.</exception>
    public abstract Task<DropResult> DropAsync(IStoreLease lease, DropOrder order, CancellationToken cancellationToken);

    /// <summary>True when the act wrote into <c>expired</c>.</summary>
    public abstract Task<bool> HasExpiredAsync(Guid action, CancellationToken cancellationToken);

    /// <summary>Takes back what an act wrote into <c>expired</c>: its rows are in the table again.</summary>
    public abstract Task UndoExpiredAsync(IStoreLease lease, Guid action, CancellationToken cancellationToken);

    /// <summary>Puts events into a table.</summary>
    /// <param name="rows">Rows of the table, all of one partition.</param>
    /// <param name="span">That partition.</param>
    /// <param name="token">The same token is stored once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public abstract Task InsertAsync(RestoreBlock rows, PartitionSpan span, string token, CancellationToken cancellationToken);

    /// <summary>The newest version of every legal hold.</summary>
    public abstract Task<IReadOnlyList<LegalHoldRow>> HoldsAsync(CancellationToken cancellationToken);

    /// <summary>Writes the next version of a legal hold.</summary>
    public abstract Task WriteHoldAsync(IStoreLease lease, LegalHoldRow hold, CancellationToken cancellationToken);

    /// <summary>How new partitions of a table are cut, as far as the table decides that (ClickHouse); null: whoever writes decides.</summary>
    public abstract Task<PartitionUnit?> UnitAsync(string table, CancellationToken cancellationToken);

    /// <summary>A block of rows to restore.</summary>
    public abstract RestoreBlock NewBlock(EventTable table);

    /// <summary>The partitions that a restored span goes to: as the table has them now.</summary>
    public abstract Task<PartitionUnit> RestoreUnitAsync(string table, PartitionSpan span, CancellationToken cancellationToken);

    /// <summary>True when the part of a partition that the filter's times leave holds a row that matches.</summary>
    public async Task<bool> AnyAsync(string table, PartitionSpan span, EventFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        EventFilter within = Within(span, filter);
        if (within.From >= within.To)
        {
            return false;
        }

        SqlText sql = _sql.NewText().Append($"SELECT {Count} FROM (SELECT 1 AS one FROM {Name(table)}");
        FilterConditions.AppendWhere(sql, within, table);
        sql.Append(" LIMIT 1) AS found");
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        return await rows.ReadAsync(cancellationToken).ConfigureAwait(false) && rows.Number(0) > 0;
    }

    /// <summary>When the matching rows of a table happened, by host.</summary>
    public async Task<IReadOnlyList<HostExtent>> ExtentAsync(string table, EventFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT {sql.TimeColumn("min(ts)")}, {sql.TimeColumn("max(ts)")}, {sql.NameColumn("host")} AS name FROM {Name(table)}");
        FilterConditions.AppendWhere(sql, filter with { IncludeResults = true }, table);
        sql.Append(" GROUP BY host");
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        List<HostExtent> extents = [];
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            (long first, long last) = (rows.Time(0), rows.Time(1));
            extents.Add(new HostExtent(Encoding.UTF8.GetString(rows.Bytes(2)), first, last));
        }

        return extents;
    }

    /// <summary>What a partition holds, by stream.</summary>
    public Task<IReadOnlyList<StreamShare>> SharesAsync(string table, PartitionSpan span, CancellationToken cancellationToken) =>
        SharesOfAsync(Name(table), span, cancellationToken);

    /// <summary>Which events of a partition are there, by stream.</summary>
    public async Task<SequenceSet> SequencesAsync(string table, PartitionSpan span, CancellationToken cancellationToken)
    {
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT run, partition, sequence FROM {Name(table)}");
        FilterConditions.AppendWhere(sql, Within(span, EventFilter.All), table);
        sql.Append(" ORDER BY run, partition, sequence");
        sql.IsBulk = true;
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        SequenceSet set = new();
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            set.Add(rows.Uuid(0), (int)rows.Number(1), rows.Number(2));
        }

        return set;
    }

    /// <summary>The events of a partition, in the order of host, time and sequence.</summary>
    public async IAsyncEnumerable<ExportedRow> ExportAsync(string table, PartitionSpan span, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT log_partition, log_offset, data_at, event, data FROM {Name(table)}");
        FilterConditions.AppendWhere(sql, Within(span, EventFilter.All), table);
        sql.Append(" ORDER BY host, ts, sequence");
        sql.IsBulk = true;
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            (int partition, long offset) = ((int)rows.Number(0), (long)rows.Number(1));
            yield return new ExportedRow(partition, offset, RebuiltEvent.Encode(rows, dataAt: 2, @event: 3, data: 4));
        }
    }

    /// <summary>What a table, maybe not one of a topic, holds of a partition.</summary>
    private protected async Task<IReadOnlyList<StreamShare>> SharesOfAsync(string table, PartitionSpan span, CancellationToken cancellationToken)
    {
        SqlText sql = _sql.NewText();
        sql.Append($"SELECT run, partition, {Count}, min(sequence), max(sequence) FROM {table}");
        FilterConditions.AppendWhere(sql, Within(span, EventFilter.All), "");
        sql.Append(" GROUP BY run, partition ORDER BY run, partition");
        await using IRowReader rows = await _sql.QueryAsync(sql, cancellationToken).ConfigureAwait(false);
        List<StreamShare> shares = [];
        while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            shares.Add(new StreamShare(rows.Uuid(0), (int)rows.Number(1), (long)rows.Number(2), (long)rows.Number(3), (long)rows.Number(4)));
        }

        return shares;
    }

    /// <summary>True when both say the same of the same streams.</summary>
    private protected static bool AreSame(IReadOnlyCollection<StreamShare> one, IReadOnlyCollection<StreamShare> other) =>
        one.Count == other.Count && one.ToHashSet().SetEquals(other);

    private const string Count = "count(*)";

    // Topics are constants; what is none never reaches SQL.
    private protected static string Name(string table) => TableNames.Of(table);

    private static EventFilter Within(PartitionSpan span, EventFilter filter) => filter with
    {
        From = Math.Max(Nanoseconds(span.From), filter.From ?? long.MinValue),
        To = Math.Min(Nanoseconds(span.To), filter.To ?? long.MaxValue),
        IncludeResults = true,
    };

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
