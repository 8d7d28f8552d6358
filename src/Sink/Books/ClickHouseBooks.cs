using System.Globalization;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;

namespace ECapture.Sink.Books;

/// <summary>
/// In ClickHouse nothing spans two statements. So the first says what counts from now on, in one block, and whoever reads the books goes by it; the second takes away what counts no more.
/// </summary>
internal sealed class ClickHouseBooks(ClickHouseStore store) : IBooks
{
    private const int GroupsAtOnce = 50; // a statement rewrites every part that it touches

    private readonly IClickHouse _engine = store.Engine;

    public async Task ExpireLettersAsync(IStoreLease lease, PartitionId partition, long from, long to, CancellationToken cancellationToken)
    {
        string place = PlaceOf(partition);
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        if (to > from)
        {
            await _engine.ExecuteAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    INSERT INTO dead_letter_expired SETTINGS async_insert = 0, insert_deduplicate = 0
                    SELECT log, topic, log_partition, {to}, toUInt32(intDiv(toUnixTimestamp64Nano(ts), 3600000000000)) AS event_hour, uniqExact(log_offset), now64(3)
                    FROM dead_letter WHERE {place} AND log_offset >= {from} AND log_offset < {to}
                    AND (SELECT max(to_offset) FROM dead_letter_expired WHERE {place}) <= {from}
                    GROUP BY log, topic, log_partition, event_hour
                    """),
                cancellationToken).ConfigureAwait(false);
        }

        await _engine.ExecuteAsync(
            $"ALTER TABLE dead_letter DELETE WHERE {place} AND log_offset < (SELECT max(to_offset) FROM dead_letter_expired WHERE {place}) SETTINGS mutations_sync = 1", cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task MergeAccountsAsync(IStoreLease lease, IReadOnlyList<AccountGroup> groups, CancellationToken cancellationToken)
    {
        foreach (AccountGroup[] some in groups.Chunk(GroupsAtOnce))
        {
            foreach (AccountGroup group in some.Where(group => group.Batches > 0))
            {
                await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
                await _engine.ExecuteAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"""
                        INSERT INTO sink_account ({ClickHouse.AccountBlock.Columns}, batches) SETTINGS async_insert = 0, insert_deduplicate = 0, max_insert_threads = 1
                        SELECT log, topic, log_partition, {group.From}, {group.To}, hour, sum(records), sum(events), sum(duplicates), sum(dead_letters), sum(gap), max(at), {group.Batches}
                        FROM sink_account FINAL WHERE {RangeOf(group)} GROUP BY log, topic, log_partition, hour
                        """),
                    cancellationToken).ConfigureAwait(false);
            }

            await _engine.ExecuteAsync(
                $"ALTER TABLE sink_account DELETE WHERE {string.Join(" OR ", some.Select(group => $"({RangeOf(group)})"))} SETTINGS mutations_sync = 1", cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static string RangeOf(AccountGroup group) => string.Create(
        CultureInfo.InvariantCulture, $"batches = 1 AND {PlaceOf(group.Partition)} AND from_offset >= {group.From} AND to_offset <= {group.To}");

    private static string PlaceOf(PartitionId partition) => string.Create(
        CultureInfo.InvariantCulture,
        $"log = {ClickHouseText.QuoteString(partition.Log)} AND topic = {ClickHouseText.QuoteString(partition.Topic)} AND log_partition = {partition.Partition}");
}
