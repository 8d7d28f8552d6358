using ECapture.Storage.ClickHouse;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>Reads of ClickHouse, in Native format.</summary>
internal sealed class ClickHouseSqlStore(IClickHouse engine) : ISqlStore
{
    // Sorts of several hosts' packets go to the engine's disk above 256 MB.
    private const string Settings = " SETTINGS max_block_size = 8192, max_bytes_before_external_sort = 268435456";
    private const string SummarySettings = " SETTINGS max_bytes_before_external_sort = 268435456, max_bytes_before_external_group_by = 268435456";
    private const string BulkSettings = " SETTINGS max_block_size = 1024, max_bytes_before_external_sort = 268435456";

    public string Address => engine.Address;

    public bool CutsTimes => false;

    public SqlText NewText() => new ClickHouseSqlText();

    public async Task<IRowReader> QueryAsync(SqlText sql, CancellationToken cancellationToken)
    {
        var text = (ClickHouseSqlText)sql;
        Stream stream = await engine.QueryAsync(text + (sql.IsBulk ? BulkSettings : sql.IsSummary ? SummarySettings : Settings), text.Parameters, "Native", cancellationToken).ConfigureAwait(false);
        return new NativeRowReader(stream);
    }
}
