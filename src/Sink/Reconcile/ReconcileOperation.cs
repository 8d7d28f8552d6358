using System.Runtime.CompilerServices;
using ECapture.Log;
using ECapture.Sink.Delivery;
using ECapture.Sink.Operations;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Sink.Reconcile;

/// <summary>
/// Holds what was read from the log against what is in the store, by topic, partition and hour (docs/reliability.md, "reconcile"). Parameters: topic, since, until
/// (nanoseconds of the epoch), log ("false": the log is not read again), json.
/// </summary>
public static class ReconcileOperation
{
    private const long NanosecondsPerHour = 3_600_000_000_000;
    private const int MaxAttempts = 4;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Reconciles and reports.</summary>
    /// <returns>0 when every line is equal, else 1.</returns>
    /// <exception cref="Storage.StoreException">The store failed.</exception>
    /// <exception cref="SinkException">A parameter cannot be used.</exception>
    public static async Task<int> RunAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OperationParameters parameters = context.Parameters;
        string? topic = parameters.Text("topic");
        long? since = parameters.Number("since") / NanosecondsPerHour;
        long? until = parameters.Number("until") / NanosecondsPerHour;
        bool IsWanted(long hour) => (since is null && until is null) || (hour >= (since ?? 1) && hour <= (until ?? long.MaxValue));
        ReconcileReads reads = new(SqlStore.Of(context.Store));
        List<string> notes = [];
        bool isLogRead = parameters.Text("log") != "false";
        OperationLogs opened = await OperationLogs.OpenAsync(
            isLogRead ? context.Log : null, isLogRead ? context.Journals : null, AddNote, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = opened.ConfigureAwait(false);
        LogCount[] logs = [.. opened.Readers.Select(log => new LogCount(log))];
        StoreCount count = await CountAsync(reads, logs, topic, cancellationToken).ConfigureAwait(false);
        foreach (LogCount log in logs)
        {
            await CountLogAsync(log, count, topic, notes, cancellationToken).ConfigureAwait(false);
        }

        foreach (string other in count.Spans.Keys.Select(partition => partition.Log).Distinct().Where(id => !Array.Exists(logs, log => log.LogId == id)).Order(StringComparer.Ordinal))
        {
            notes.Add($"log {other} is not read: its part of the lines rests on the accounts");
        }

        return await ReconcileReport.WriteAsync(
            context.Output,
            parameters.IsSet("json"),
            [.. count.Lines.Where(line => IsWanted(line.Key.Hour) && (topic is null || line.Key.Topic == topic))],
            [.. count.Holes.Where(hole => topic is null || hole.StartsWith(topic + "/", StringComparison.Ordinal))],
            notes).ConfigureAwait(false);

        Task AddNote(string note)
        {
            notes.Add(note);
            return Task.CompletedTask;
        }
    }

    // A sink that works meanwhile, or retention: what is seen at two moments may differ once, not again and again.
    private static async Task<StoreCount> CountAsync(ReconcileReads reads, LogCount[] logs, string? topic, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            Dictionary<PartitionId, long> firstKept = [];
            foreach (LogCount log in logs)
            {
                foreach ((TopicPartition place, (long first, _)) in await log.BoundsAsync(cancellationToken).ConfigureAwait(false))
                {
                    firstKept[new PartitionId(log.LogId, place.Topic, place.Partition)] = first;
                }
            }

            StoreCount count = await StoreCount.RunAsync(reads, firstKept, cancellationToken, topic).ConfigureAwait(false);
            if (attempt == MaxAttempts || count.Lines.Values.All(line => line.Difference == 0))
            {
                return count;
            }

            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task CountLogAsync(LogCount log, StoreCount count, string? topic, List<string> notes, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<TopicPartition, (long First, long Next)> bounds = await log.BoundsAsync(cancellationToken).ConfigureAwait(false);
        foreach ((TopicPartition place, (_, long next)) in bounds.Where(b => topic is null || b.Key.Topic == topic).OrderBy(b => b.Key.Topic, StringComparer.Ordinal).ThenBy(b => b.Key.Partition))
        {
            PartitionId partition = new(log.LogId, place.Topic, place.Partition);
            long end = count.Spans.TryGetValue(partition, out AccountSpan span) ? span.To : 0;
            if (next > end)
            {
                notes.Add($"{partition}: {Reports.Count(next - end, "offset")} from {end} on {(next - end == 1 ? "is" : "are")} not stored yet");
            }

            if (!count.Kept.TryGetValue(partition, out KeptBatches? kept))
            {
                continue;
            }

            Dictionary<long, long> found = [];
            await log.CountAsync(place, kept.From, end, (hour, records) => found[hour] = found.GetValueOrDefault(hour) + records, cancellationToken).ConfigureAwait(false);
            if ((await log.FirstAsync(place, cancellationToken).ConfigureAwait(false)) > kept.From)
            {
                notes.Add($"{partition}: the log dropped offsets from {kept.From} on while they were counted: run this again to have them proven by the log");
                continue;
            }

            foreach (long hour in kept.Records.Keys.Union(found.Keys))
            {
                ReconcileLine line = count.Line(new LineKey(place.Topic, place.Partition, hour));
                line.Counted += kept.Records.GetValueOrDefault(hour);
                line.InLog += found.GetValueOrDefault(hour);
            }
        }
    }
}
