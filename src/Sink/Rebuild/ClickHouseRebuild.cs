using System.Diagnostics;
using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Sink.ClickHouse;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.Partitions;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Rebuild;

/// <summary>In ClickHouse: a table beside, and <c>REPLACE PARTITION</c>, which is atomic. Sinks settle no batch of the topic while it is held.</summary>
/// <param name="engine">The engine.</param>
/// <param name="hold">How long sinks stay back when this process dies; null: a minute.</param>
internal sealed class ClickHouseRebuild(IClickHouse engine, TimeSpan? hold = null) : IRebuildTarget
{
    private static readonly TimeSpan s_hold = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    public async Task<IReadOnlyCollection<PartitionSpan>> PartitionsAsync(EventTable table, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parameters = new(StringComparer.Ordinal) { ["table"] = table.Name };
        List<PartitionSpan> spans = [];
        await foreach (string partition in LinesAsync(
            "SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active", parameters, cancellationToken).ConfigureAwait(false))
        {
            if (PartitionSpan.Parse(partition) is { } span)
            {
                spans.Add(span);
            }
        }

        return spans;
    }

    public async Task<IPartitionRebuild> BeginAsync(EventTable table, PartitionSpan span, CancellationToken cancellationToken)
    {
        Partition rebuild = new(engine, table, span, hold ?? s_hold);
        try
        {
            await rebuild.HoldAsync(cancellationToken).ConfigureAwait(false);
            await WaitForSinksAsync(table.Name, cancellationToken).ConfigureAwait(false);
            await engine.ExecuteAsync($"DROP TABLE IF EXISTS {rebuild.Beside}", cancellationToken).ConfigureAwait(false);
            await engine.DefineAsync($"CREATE TABLE {rebuild.Beside} AS {ClickHouseText.QuoteName(table.Name)}", cancellationToken).ConfigureAwait(false);
            return rebuild;
        }
        catch
        {
            await rebuild.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // A batch's account is its last part. A plan that was settled just before the hold shows at the second look.
    private async Task WaitForSinksAsync(string topic, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parameters = new(StringComparer.Ordinal) { ["topic"] = topic };
        int quiet = 0;
        for (DateTime end = DateTime.UtcNow + s_patience; quiet < 2;)
        {
            long open = await ClickHousePlanStore.CountAsync(
                engine,
                "SELECT count() FROM (SELECT log, log_partition, argMax(to_offset, version) AS planned FROM sink_plan WHERE topic = {topic:String} GROUP BY log, log_partition) AS p "
                + "LEFT JOIN (SELECT log, log_partition, max(to_offset) AS done FROM sink_account WHERE topic = {topic:String} GROUP BY log, log_partition) AS a "
                + "ON p.log = a.log AND p.log_partition = a.log_partition WHERE planned > done",
                parameters,
                cancellationToken).ConfigureAwait(false);
            quiet = open == 0 ? quiet + 1 : 0;
            if (open > 0 && DateTime.UtcNow > end)
            {
                throw new StoreException($"a sink is in the middle of a batch of {topic}, or died in it: start it, let it end the batch, and run this again", isTransient: false);
            }

            await Task.Delay(s_look, cancellationToken).ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<string> LinesAsync(
        string sql, Dictionary<string, string> parameters, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using Stream result = await engine.QueryAsync(sql, parameters, "TSV", cancellationToken).ConfigureAwait(false);
        using StreamReader reader = new(result, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            yield return line;
        }
    }

    private sealed class Partition(IClickHouse engine, EventTable table, PartitionSpan span, TimeSpan hold) : IPartitionRebuild
    {
        private const int BlockRows = 20_000;
        private const long BlockBytes = 16 << 20;

        private readonly Guid _owner = Guid.NewGuid();
        private readonly CancellationTokenSource _stop = new();
        private Task _renewal = Task.CompletedTask;
        private long _heldAt;
        private bool _hasLapsed;

        public string Beside { get; } = ClickHouseText.QuoteName(table.Name + "_rebuild");

        private string Key => $"{ClickHousePartitionKey.Of(span.Unit)} = {span.Name}";

        private string Table => ClickHouseText.QuoteName(table.Name);

        /// <summary>Holds the sinks back until the end, however long it takes: to read a log in which little is of this partition, or to compare a large one.</summary>
        public async Task HoldAsync(CancellationToken cancellationToken)
        {
            await ExtendAsync(cancellationToken).ConfigureAwait(false);
            _renewal = RenewAsync();
        }

        public async Task<long> FillAsync(IAsyncEnumerable<RebuildRow> rows, CancellationToken cancellationToken)
        {
            NativeBlock block = new(table, BufferPool.None);
            long written = 0;
            long bytes = 0;
            await foreach (RebuildRow row in rows.ConfigureAwait(false))
            {
                Append(block, row);
                bytes += row.Encoded.Length;
                if (block.Rows >= BlockRows || bytes >= BlockBytes)
                {
                    written += await InsertAsync(block, cancellationToken).ConfigureAwait(false);
                    bytes = 0;
                }
            }

            return written + await InsertAsync(block, cancellationToken).ConfigureAwait(false);
        }

        public async Task<(long Missing, long Twice)> CompareAsync(CancellationToken cancellationToken)
        {
            Dictionary<string, string> none = new(StringComparer.Ordinal);
            long missing = await ClickHousePlanStore.CountAsync(
                engine, $"SELECT count() FROM {Table} WHERE {Key} AND (run, partition, sequence) NOT IN (SELECT run, partition, sequence FROM {Beside})", none, cancellationToken).ConfigureAwait(false);
            long twice = await ClickHousePlanStore.CountAsync(
                engine, $"SELECT count() - uniqExact(run, partition, sequence) FROM {Beside}", none, cancellationToken).ConfigureAwait(false);
            return (missing, twice);
        }

        public async Task SwapAsync(CancellationToken cancellationToken)
        {
            await StopRenewalAsync().ConfigureAwait(false);
            await ExtendAsync(cancellationToken).ConfigureAwait(false);
            if (_hasLapsed)
            {
                // What a sink stored meanwhile is in the old partition and not in the new one.
                throw new StoreException($"{engine.Address}: the sinks were not held back all the time, because the store did not answer for {hold.TotalSeconds:0} s: run this again", isTransient: true);
            }

            await engine.ExecuteAsync($"ALTER TABLE {Table} REPLACE PARTITION ID '{span.Name}' FROM {Beside}", cancellationToken).ConfigureAwait(false);
        }

        public async ValueTask DisposeAsync()
        {
            await StopRenewalAsync().ConfigureAwait(false);
            _stop.Dispose();
            try
            {
                await engine.ExecuteAsync($"DROP TABLE IF EXISTS {Beside}", CancellationToken.None).ConfigureAwait(false);
                await HoldAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            }
            catch (StoreException e) when (e.IsTransient)
            {
                // The store is away: the hold ends by itself, and the next rebuild drops the table.
            }
        }

        // The engine's clock begins to count after this one does: what is within the length here is within it there.
        private async Task ExtendAsync(CancellationToken cancellationToken)
        {
            long before = Stopwatch.GetTimestamp();
            await HoldAsync(hold, cancellationToken).ConfigureAwait(false);
            _hasLapsed |= _heldAt != 0 && Stopwatch.GetElapsedTime(_heldAt) > hold;
            _heldAt = before;
        }

        private async Task RenewAsync()
        {
            using PeriodicTimer timer = new(hold / 4);
            try
            {
                while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                {
                    try
                    {
                        await ExtendAsync(CancellationToken.None).ConfigureAwait(false); // one that is given up may still arrive, after the end
                    }
                    catch (StoreException e) when (e.IsTransient)
                    {
                        // The next tick tries again; whether that was in time is seen before the swap.
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or StoreException)
            {
                // It ends, or the engine refuses for good, which the next statement of the rebuild hears, too.
            }
        }

        private async Task StopRenewalAsync()
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _renewal.ConfigureAwait(false);
        }

        private Task HoldAsync(TimeSpan length, CancellationToken cancellationToken) => engine.ExecuteAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"INSERT INTO sink_hold (topic, owner, at, until) SETTINGS async_insert = 0 SELECT {ClickHouseText.QuoteString(table.Name)}, toUUID('{_owner:D}'), now64(3), now64(3) + toIntervalMillisecond({(long)length.TotalMilliseconds})"),
            cancellationToken);

        private async Task<int> InsertAsync(NativeBlock block, CancellationToken cancellationToken)
        {
            int rows = block.Rows;
            if (rows > 0)
            {
                await engine.InsertAsync(
                    $"INSERT INTO {Beside} ({table.ColumnList}) SETTINGS async_insert = 0, insert_deduplicate = 0", block.ToSequence(), cancellationToken).ConfigureAwait(false);
                block.Clear();
            }

            return rows;
        }

        private static void Append(NativeBlock block, RebuildRow row)
        {
            EventReader.TryRead(row.Encoded, out EventFields fields);
            block.Append(new EventRow(row.Encoded, ref fields, row.LogPartition, row.LogOffset));
        }
    }
}
