using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Reading.ClickHouse;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Partitions;

/// <summary>
/// ClickHouse: nothing spans two statements, so a partition is first moved aside into a table of its own, where no late row can come to it; there it is counted, and with
/// that table it is dropped. Who dies in between leaves that table, whose name says all; <see cref="RecoverAsync"/> ends it when it was counted, and moves it back when not.
/// </summary>
internal sealed class ClickHousePartitionStore(ClickHouseStore store) : PartitionStore(new ClickHouseSqlStore(store.Engine))
{
    private const string Aside = "expiring_";

    private static readonly Dictionary<string, string> NoParameters = [];

    private readonly IClickHouse _engine = store.Engine;

    public override async Task<IReadOnlyList<StoredPartition>> ListAsync(CancellationToken cancellationToken)
    {
        // A partition that was dropped or moved leaves empty parts for a while.
        List<string[]> rows = await ReadAsync(
            "SELECT table, partition, sum(rows) AS count, sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table, partition HAVING count > 0",
            cancellationToken).ConfigureAwait(false);
        List<StoredPartition> found = [];
        foreach (string[] row in rows)
        {
            if (Topics.All.Contains(row[0]) && PartitionSpan.Parse(row[1]) is { } span)
            {
                found.Add(new StoredPartition(row[0], span, Number(row[2]), Number(row[3])));
            }
        }

        return [.. found.OrderBy(p => p.Span.From).ThenBy(p => p.Table, StringComparer.Ordinal)];
    }

    public override async Task<StoreSpace?> SpaceAsync(CancellationToken cancellationToken)
    {
        if (store.Address.Directory.Length > 0)
        {
            return VolumeSpace.Of(store.Address.Directory);
        }

        // The disk with the least room of those that the tables are on.
        List<string[]> rows = await ReadAsync(
            """
            SELECT name, unreserved_space, total_space FROM system.disks
            WHERE total_space > 0 AND (name = 'default' OR name IN (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase()))
            ORDER BY unreserved_space / total_space LIMIT 1
            """,
            cancellationToken).ConfigureAwait(false);
        return rows is [[var name, var free, var total]] ? new StoreSpace(Number(free), Number(total), $"disk {name} of the server") : null;
    }

    public override async Task<IStoreLease?> TryLeaseAsync(CancellationToken cancellationToken) =>
        await ClickHouseLease.TryTakeAsync(_engine, LeaseName, cancellationToken).ConfigureAwait(false);

    public override async Task<DropResult> DropAsync(IStoreLease lease, DropOrder order, CancellationToken cancellationToken)
    {
        string aside = $"{Aside}{order.Table}_{order.Span.Name}_{order.Action:N}";
        await _engine.DefineAsync($"CREATE TABLE IF NOT EXISTS {Quote(aside)} AS {Quote(order.Table)}", cancellationToken).ConfigureAwait(false);
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        await _engine.ExecuteAsync($"ALTER TABLE {Quote(order.Table)} MOVE PARTITION {order.Span.Name} TO TABLE {Quote(aside)}", cancellationToken).ConfigureAwait(false);
        IReadOnlyList<StreamShare> shares = await SharesOfAsync(Quote(aside), order.Span, cancellationToken).ConfigureAwait(false);
        long rows = shares.Sum(s => s.Rows);
        if (order.Expected is { } expected && !AreSame(expected, shares))
        {
            await MoveBackAsync(order.Table, order.Span, aside, cancellationToken).ConfigureAwait(false);
            return new DropResult(false, rows);
        }

        // What is counted is as good as dropped. Who slept over the end of his lease in the move must not count: a hold may have been added meanwhile, and what was moved goes back.
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        await AccountAsync(order, aside, cancellationToken).ConfigureAwait(false);
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        await _engine.ExecuteAsync($"DROP TABLE IF EXISTS {Quote(aside)} SYNC", cancellationToken).ConfigureAwait(false);
        return new DropResult(true, rows);
    }

    public override async Task<IReadOnlyList<string>> RecoverAsync(IStoreLease lease, CancellationToken cancellationToken)
    {
        List<string> done = [];
        List<string[]> tables = await ReadAsync(
            $"SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '{Aside}')", cancellationToken).ConfigureAwait(false);
        foreach (string aside in tables.Select(row => row[0]))
        {
            string[] parts = aside[Aside.Length..].Split('_');
            if (parts is not [var table, var name, var action] || !Topics.All.Contains(table) || PartitionSpan.Parse(name) is not { } span
                || !Guid.TryParseExact(action, "N", out Guid id))
            {
                continue; // somebody else's
            }

            await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
            if (await HasExpiredAsync(id, cancellationToken).ConfigureAwait(false))
            {
                await _engine.ExecuteAsync($"DROP TABLE IF EXISTS {Quote(aside)} SYNC", cancellationToken).ConfigureAwait(false);
                done.Add($"{table}/{name}: it was counted before; now it is dropped");
            }
            else
            {
                await MoveBackAsync(table, span, aside, cancellationToken).ConfigureAwait(false);
                done.Add($"{table}/{name}: it was set aside and not counted; it is back in its table");
            }
        }

        return done;
    }

    public override async Task UndoExpiredAsync(IStoreLease lease, Guid action, CancellationToken cancellationToken)
    {
        const string Rows = "topic, part, run, partition, log_partition, hour, -rows, -bytes, first_sequence, last_sequence, first_offset, last_offset, action, now64(3), 'restored', archive";
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        await InsertOnceAsync(
            $"undo/{action:N}",
            $"SELECT {Rows} FROM expired WHERE action = '{action:D}' AND rows > 0 AND NOT EXISTS (SELECT 1 FROM expired WHERE action = '{action:D}' AND rows < 0)",
            $"action = '{action:D}' AND rows < 0",
            cancellationToken).ConfigureAwait(false);
    }

    public override Task InsertAsync(RestoreBlock rows, PartitionSpan span, string token, CancellationToken cancellationToken) => _engine.InsertAsync(
        $"INSERT INTO {Quote(rows.Table.Name)} ({rows.Table.ColumnList}) SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = {ClickHouseText.QuoteString(token)}",
        rows.Native!.ToSequence(), cancellationToken);

    public override async Task<IReadOnlyList<LegalHoldRow>> HoldsAsync(CancellationToken cancellationToken)
    {
        List<string[]> rows = await ReadAsync(
            "SELECT base64Encode(name), max(version), base64Encode(argMax(document, version)) FROM legal_hold GROUP BY name ORDER BY name", cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(row => new LegalHoldRow(Text(row[0]), Number(row[1]), Text(row[2])))];
    }

    public override async Task WriteHoldAsync(IStoreLease lease, LegalHoldRow hold, CancellationToken cancellationToken)
    {
        await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
        string name = $"base64Decode('{Convert.ToBase64String(Encoding.UTF8.GetBytes(hold.Name))}')";
        string document = $"base64Decode('{Convert.ToBase64String(Encoding.UTF8.GetBytes(hold.Document))}')";
        await _engine.ExecuteAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                INSERT INTO legal_hold (name, version, at, document) SETTINGS async_insert = 0
                SELECT {name}, {hold.Version}, now64(3), {document} WHERE NOT EXISTS (SELECT 1 FROM legal_hold WHERE name = {name} AND version >= {hold.Version})
                """),
            cancellationToken).ConfigureAwait(false);
    }

    public override async Task<PartitionUnit?> UnitAsync(string table, CancellationToken cancellationToken) =>
        (await ClickHousePartitionKey.ReadAsync(_engine, cancellationToken).ConfigureAwait(false)).TryGetValue(table, out PartitionUnit unit) ? unit : null;

    public override RestoreBlock NewBlock(EventTable table) => new(new NativeBlock(table, BufferPool.None));

    public override async Task<PartitionUnit> RestoreUnitAsync(string table, PartitionSpan span, CancellationToken cancellationToken) =>
        await UnitAsync(table, cancellationToken).ConfigureAwait(false) ?? span.Unit;

    // A killed engine may have left the rows in both tables (the move is two commits): only what is not in its table goes back.
    private async Task MoveBackAsync(string table, PartitionSpan span, string aside, CancellationToken cancellationToken)
    {
        IReadOnlyList<StreamShare> there = await SharesAsync(table, span, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<StreamShare> here = await SharesOfAsync(Quote(aside), span, cancellationToken).ConfigureAwait(false);
        if (here.Count > 0 && there.Count == 0)
        {
            await _engine.ExecuteAsync($"ALTER TABLE {Quote(aside)} MOVE PARTITION {span.Name} TO TABLE {Quote(table)}", cancellationToken).ConfigureAwait(false);
        }
        else if (here.Count > 0)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"{ClickHousePartitionKey.Of(span.Unit)} = {span.Name}");
            await _engine.ExecuteAsync(
                $"INSERT INTO {Quote(table)} SETTINGS async_insert = 0, insert_deduplicate = 0 SELECT * FROM {Quote(aside)} "
                + $"WHERE (run, partition, sequence) NOT IN (SELECT run, partition, sequence FROM {Quote(table)} WHERE {key})",
                cancellationToken).ConfigureAwait(false);
        }

        await _engine.ExecuteAsync($"DROP TABLE IF EXISTS {Quote(aside)} SYNC", cancellationToken).ConfigureAwait(false);
    }

    // Rows that a replay of the sink's last plan brought back are in the books already, unless an archive took them out again.
    private Task AccountAsync(DropOrder order, string aside, CancellationToken cancellationToken)
    {
        string topic = ClickHouseText.QuoteString(order.Table);
        string known = $"(SELECT run, partition, hour, groupArray((first_sequence, last_sequence)) AS ranges FROM expired WHERE topic = {topic} AND rows > 0 "
            + $"AND action NOT IN (SELECT action FROM expired WHERE topic = {topic} AND rows < 0) GROUP BY run, partition, hour)";
        return InsertOnceAsync(
            $"expired/{order.Action:N}",
            $"""
            SELECT {topic}, '{order.Span.Name}', e.run, e.partition, e.log_partition, toUInt32(intDiv(toUnixTimestamp(e.ts), 3600)) AS at_hour, toInt64(count()),
                toInt64(sum(length(e.data) + length(e.event))), min(e.sequence), max(e.sequence), min(e.log_offset), max(e.log_offset), toUUID('{order.Action:D}'), now64(3),
                {ClickHouseText.QuoteString(order.Reason)}, {ClickHouseText.QuoteString(order.Archive)}
            FROM {Quote(aside)} AS e LEFT JOIN {known} AS k ON k.run = e.run AND k.partition = e.partition AND k.hour = toUInt32(intDiv(toUnixTimestamp(e.ts), 3600))
            WHERE NOT arrayExists(r -> e.sequence BETWEEN r.1 AND r.2, k.ranges)
            GROUP BY e.run, e.partition, e.log_partition, at_hour
            """,
            $"action = '{order.Action:D}' AND rows > 0",
            cancellationToken);
    }

    // A killed engine may have kept the token and not the rows: then there are none under the action.
    private async Task InsertOnceAsync(string token, string select, string condition, CancellationToken cancellationToken)
    {
        const int Attempts = 3;
        for (int attempt = 0; attempt < Attempts && !await AnyExpiredAsync(condition, cancellationToken).ConfigureAwait(false); attempt++)
        {
            await _engine.ExecuteAsync(
                $"INSERT INTO expired SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = '{token}/{attempt.ToString(CultureInfo.InvariantCulture)}' {select}",
                cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task<bool> HasExpiredAsync(Guid action, CancellationToken cancellationToken) => AnyExpiredAsync($"action = '{action:D}'", cancellationToken);

    private async Task<bool> AnyExpiredAsync(string condition, CancellationToken cancellationToken) =>
        await ReadAsync($"SELECT count() FROM expired WHERE {condition}", cancellationToken).ConfigureAwait(false) is [[not "0"]];

    private Task<List<string[]>> ReadAsync(string sql, CancellationToken cancellationToken) => ClickHouseRows.ReadAsync(_engine, sql, NoParameters, cancellationToken);

    private static string Quote(string name) => ClickHouseText.QuoteName(name);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
