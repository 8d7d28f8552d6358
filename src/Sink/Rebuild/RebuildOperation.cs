using System.Globalization;
using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Sink.Archive;
using ECapture.Sink.Delivery;
using ECapture.Sink.Operations;
using ECapture.Sink.Reconcile;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using ECapture.Storage.Reading.Sql;
using ECapture.Storage.Tables;

namespace ECapture.Sink.Rebuild;

/// <summary>
/// Makes the partitions of a table anew beside it and swaps them (docs/reliability.md, "rebuild"): from the table itself, which is lossless, where reconciling finds
/// nothing missing in it; else from the log, where it still holds the range; else from the table and its archives, where they have it all together; else it refuses. Parameters: topic, since, until (nanoseconds of the epoch), json.
/// </summary>
public static class RebuildOperation
{
    // Events of a partition that just ended are still on their way.
    private static readonly TimeSpan s_closed = TimeSpan.FromHours(1);

    /// <summary>Rebuilds and reports.</summary>
    /// <returns>0 when every partition was made anew; 1 when one was refused.</returns>
    /// <exception cref="StoreException">The store failed; the partition at hand is as it was.</exception>
    /// <exception cref="SinkException">A parameter cannot be used.</exception>
    public static async Task<int> RunAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OperationParameters parameters = context.Parameters;
        if (parameters.Text("topic") == Topics.Http)
        {
            throw new SinkException($"{Topics.Http} is made of plaintext, which no log holds as it: rebuild {string.Join(", ", Topics.Plaintext)}");
        }

        EventTable table = EventTable.Of(parameters.Text("topic") ?? "") ?? throw new SinkException($"there is no table {parameters.Text("topic")}");
        DateTimeOffset since = Time(parameters.Number("since")) ?? throw new SinkException("say since when");
        DateTimeOffset limit = DateTimeOffset.UtcNow - s_closed;
        DateTimeOffset until = Time(parameters.Number("until")) is { } given && given < limit ? given : limit;
        IRebuildTarget target = context.Store switch
        {
            ClickHouseStore s => new ClickHouseRebuild(s.Engine),
            PostgresStore s => new PostgresRebuild(s),
            _ => throw new ArgumentException($"no rebuild for a {context.Store.GetType().Name}", nameof(context)),
        };
        OperationLogs logs = await OperationLogs.OpenAsync(context.Log, context.Journals, note => NoteAsync(context, note), cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = logs.ConfigureAwait(false);
        RebuildSources sources = new(context.Store, table, logs.Readers, context.Archives is { } folder ? new ArchiveFolder(folder) : null, context.Policy);
        PartitionSpan[] spans = [.. await SpansAsync(context.Store, target, table, since, until, cancellationToken).ConfigureAwait(false)];
        int refused = 0;
        foreach (PartitionSpan span in spans)
        {
            string? lack = await RunAsync(context, target, sources, table, span, cancellationToken).ConfigureAwait(false);
            refused += lack is null ? 0 : 1;
        }

        if (!parameters.IsSet("json"))
        {
            await context.Output.WriteLineAsync(spans.Length == 0
                ? $"{table.Name} has no whole partition that ended between {since:u} and {until:u}"
                : $"{Reports.Count(spans.Length - refused, "partition")} of {table.Name} made anew, {refused.ToString(CultureInfo.InvariantCulture)} refused").ConfigureAwait(false);
        }

        return refused == 0 ? 0 : 1;
    }

    /// <returns>Null; or why the partition is as it was.</returns>
    private static async Task<string?> RunAsync(
        OperationContext context, IRebuildTarget target, RebuildSources sources, EventTable table, PartitionSpan span, CancellationToken cancellationToken)
    {
        IStoreLease lease = await PartitionStore.Of(context.Store).LeaseAsync(context.Store.Address.Text, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable leaseEnd = lease.ConfigureAwait(false);
        IPartitionRebuild rebuild = await target.BeginAsync(table, span, cancellationToken).ConfigureAwait(false);
        await using (rebuild.ConfigureAwait(false))
        {
            StoreCount count = await StoreCount.RunAsync(new ReconcileReads(SqlStore.Of(context.Store)), new Dictionary<PartitionId, long>(), cancellationToken, table.Name).ConfigureAwait(false);
            ReconcileLine[] lines =
            [
                .. count.Lines.Where(line => line.Key.Topic == table.Name && line.Key.Hour >= RebuildSources.FirstHour(span) && line.Key.Hour < RebuildSources.EndHour(span)).Select(line => line.Value),
            ];
            long expected = lines.Sum(line => line.Rows + line.Difference);
            string source = "table";
            IAsyncEnumerable<RebuildRow> rows = sources.TableAsync(span, cancellationToken);
            if (lines.Any(line => line.Difference != 0))
            {
                IReadOnlyList<(PartitionId, AccountSpan)> ranges = await sources.RangesAsync(span, cancellationToken).ConfigureAwait(false);
                if (await sources.LackAsync(ranges, cancellationToken).ConfigureAwait(false) is not { } lack)
                {
                    source = "log";
                    rows = sources.LogsAsync(span, ranges, cancellationToken);
                }
                else if (sources.Archives(span) is { Count: > 0 } archives)
                {
                    source = archives.Count == 1 ? $"table and archive {archives[0].Name}" : $"table and {archives.Count} archives";
                    rows = sources.TableAndArchivesAsync(span, archives, cancellationToken);
                }
                else
                {
                    long missing = lines.Sum(line => Math.Max(0, line.Difference));
                    return await ReportAsync(context, table, span, 0, "", $"{Reports.Count(missing, "event")} are not in the table, {lack}, and no archive holds the partition").ConfigureAwait(false);
                }
            }

            long written;
            try
            {
                written = await rebuild.FillAsync(rows, cancellationToken).ConfigureAwait(false);
            }
            catch (SinkException e)
            {
                return await ReportAsync(context, table, span, 0, source, e.Message).ConfigureAwait(false); // a damaged archive
            }

            (long lost, long twice) = await rebuild.CompareAsync(cancellationToken).ConfigureAwait(false);
            bool isWhole = lost == 0 && twice == 0 && (lines.Length == 0 || source == "table" || written == expected);
            if (!isWhole)
            {
                return await ReportAsync(
                    context, table, span, 0, source, $"{Reports.Count(written, "row")} came from the {source} where {expected} are expected, {lost} of the old ones not among them, {twice} twice").ConfigureAwait(false);
            }

            await context.Journal.AppendAsync(
                new Control { Action = "sink.rebuild", Subject = $"{table.Name}/{span.Name}", Actor = context.Actor(), Rows = (ulong)written, Detail = "from the " + source },
                cancellationToken).ConfigureAwait(false);
            await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
            await rebuild.SwapAsync(cancellationToken).ConfigureAwait(false);
            return await ReportAsync(context, table, span, written, source, null).ConfigureAwait(false);
        }
    }

    // Those that are there, and those that are not although something is missing.
    private static async Task<IEnumerable<PartitionSpan>> SpansAsync(
        Store store, IRebuildTarget target, EventTable table, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        HashSet<PartitionSpan> spans = [.. await target.PartitionsAsync(table, cancellationToken).ConfigureAwait(false)];
        PartitionUnit unit = spans.Count > 0 ? spans.First().Unit : PartitionUnit.Day;
        StoreCount count = await StoreCount.RunAsync(new ReconcileReads(SqlStore.Of(store)), new Dictionary<PartitionId, long>(), cancellationToken, table.Name).ConfigureAwait(false);
        foreach ((LineKey key, ReconcileLine line) in count.Lines)
        {
            PartitionSpan hour = new(PartitionUnit.Hour, (int)key.Hour);
            if (key.Topic == table.Name && key.Hour > 0 && line.Difference > 0 && !spans.Contains(hour) && !spans.Contains(hour.Day))
            {
                spans.Add(unit == PartitionUnit.Day ? hour.Day : hour);
            }
        }

        return spans.Where(span => span.To > since && span.To <= until).OrderBy(span => span.From);
    }

    private static async Task<string?> ReportAsync(OperationContext context, EventTable table, PartitionSpan span, long rows, string source, string? lack)
    {
        await (context.Parameters.IsSet("json")
            ? Reports.JsonLineAsync(context.Output, json =>
            {
                json.WriteString("table", table.Name);
                json.WriteString("partition", span.Name);
                json.WriteBoolean("rebuilt", lack is null);
                json.WriteNumber("rows", rows);
                json.WriteString("source", source);
                json.WriteString("refused", lack);
            })
            : context.Output.WriteLineAsync(lack is null
                ? $"{table.Name} {span.Name}: {Reports.Count(rows, "row")} from the {source}"
                : $"{table.Name} {span.Name} ({span.From:u} to {span.To:u}): REFUSED, it is as it was: {lack}")).ConfigureAwait(false);
        return lack;
    }

    private static Task NoteAsync(OperationContext context, string note) => context.Parameters.IsSet("json")
        ? Reports.JsonLineAsync(context.Output, json => json.WriteString("note", note))
        : context.Output.WriteLineAsync(note);

    private static DateTimeOffset? Time(long? nanoseconds) => nanoseconds is { } ns ? DateTimeOffset.UnixEpoch.AddTicks(ns / 100) : null;
}
