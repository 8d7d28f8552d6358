using System.Globalization;
using System.Runtime.CompilerServices;
using ECapture.Events;
using ECapture.Events.Formatting;
using ECapture.Log;
using ECapture.Sink.Operations;
using ECapture.Sink.Retention;
using ECapture.Storage.Partitions;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Sink.DeadLetters;

/// <summary>What <c>ecapture dlq</c> does: list, show, retry.</summary>
public static class DeadLetterOperations
{
    private const string FromLog = "from-log";

    /// <summary>Lists dead letters. Parameters: topic, since (nanoseconds of the epoch), all, from-log (not of the store: those on the topics ….dlq), json.</summary>
    /// <returns>0.</returns>
    public static async Task<int> ListAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OperationParameters parameters = context.Parameters;
        bool isJson = parameters.IsSet("json");
        long count = 0;
        OperationLogs logs = await OpenTopicsAsync(context, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = logs.ConfigureAwait(false);
        IAsyncEnumerable<StoredDeadLetter> letters = parameters.IsSet(FromLog)
            ? OnTopicsAsync(logs, parameters.Text("topic"), parameters.Number("since"), cancellationToken)
            : new DeadLetterReads(SqlStore.Of(context.Store)).ListAsync(parameters.Text("topic"), parameters.Number("since"), parameters.IsSet("all"), cancellationToken);
        await foreach (StoredDeadLetter letter in letters.ConfigureAwait(false))
        {
            count++;
            await (isJson ? WriteJsonAsync(context.Output, letter) : context.Output.WriteLineAsync(
                $"{Time(letter)}  {Printable.Of(letter.Id.ToString())}  {letter.Kind}, {Reports.Count(letter.Length, "byte")}: {Printable.Of(letter.Error)}{(letter.IsResolved ? "  (resolved)" : "")}")).ConfigureAwait(false);
        }

        if (!isJson)
        {
            await context.Output.WriteLineAsync(count == 0 ? "no dead letters" : Reports.Count(count, "dead letter")).ConfigureAwait(false);
        }

        return 0;
    }

    /// <summary>Shows one. Parameters: id; hex (only the bytes, as hexadecimal digits), from-log, json.</summary>
    /// <returns>0.</returns>
    /// <exception cref="SinkException">There is none.</exception>
    public static async Task<int> ShowAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        StoredDeadLetter letter = context.Parameters.IsSet(FromLog)
            ? await FindOnTopicsAsync(context, IdOf(context), cancellationToken).ConfigureAwait(false)
            : await new DeadLetterReads(SqlStore.Of(context.Store)).FindAsync(IdOf(context), cancellationToken).ConfigureAwait(false);
        TextWriter output = context.Output;
        if (context.Parameters.IsSet("hex"))
        {
            const int BytesPerLine = 4096;
            foreach (byte[] part in letter.Bytes.Chunk(BytesPerLine))
            {
                await output.WriteLineAsync(Convert.ToHexStringLower(part)).ConfigureAwait(false);
            }
        }
        else if (context.Parameters.IsSet("json"))
        {
            await WriteJsonAsync(output, letter, withBytes: true).ConfigureAwait(false);
        }
        else
        {
            await output.WriteLineAsync($"id:     {Printable.Of(letter.Id.ToString())}{(letter.IsResolved ? " (resolved)" : "")}").ConfigureAwait(false);
            await output.WriteLineAsync($"kept:   {Time(letter)}").ConfigureAwait(false);
            await output.WriteLineAsync($"error:  {letter.Kind}: {Printable.Of(letter.Error)}").ConfigureAwait(false);
            await output.WriteLineAsync($"record: {Reports.Count(letter.Length, "byte")}").ConfigureAwait(false);
            foreach (string line in HexDump.Lines(letter.Bytes))
            {
                await output.WriteLineAsync(line).ConfigureAwait(false);
            }
        }

        return 0;
    }

    /// <summary>Tries one again, or all that are open. Parameters: id or all; topic, since, json.</summary>
    /// <returns>0 when each is stored now; 1 when one is still bad.</returns>
    /// <exception cref="SinkException">There is none.</exception>
    public static async Task<int> RetryAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OperationParameters parameters = context.Parameters;
        DeadLetterReads reads = new(SqlStore.Of(context.Store));
        DeadLetterRetry retry = new(context);
        int stored = 0;
        int bad = 0;
        List<DeadLetterId> ids = [];
        if (parameters.IsSet("all"))
        {
            // Ids alone: the bytes are read one at a time.
            await foreach (StoredDeadLetter letter in reads.ListAsync(parameters.Text("topic"), parameters.Number("since"), withResolved: false, cancellationToken).ConfigureAwait(false))
            {
                ids.Add(letter.Id);
            }
        }
        else
        {
            ids.Add(IdOf(context));
        }

        // A rebuild would not see the row that a retry adds, and swap it away.
        IStoreLease lease = await PartitionStore.Of(context.Store).LeaseAsync(context.Store.Address.Text, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable leaseEnd = lease.ConfigureAwait(false);
        foreach (DeadLetterId id in ids.Distinct())
        {
            await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
            StoredDeadLetter letter = await reads.FindAsync(id, cancellationToken).ConfigureAwait(false);
            RetryOutcome outcome = await retry.RunAsync(letter, cancellationToken).ConfigureAwait(false);
            stored += outcome.IsResolved ? 1 : 0;
            bad += outcome.IsResolved ? 0 : 1;
            await (parameters.IsSet("json")
                ? Reports.JsonLineAsync(context.Output, json =>
                {
                    json.WriteString("id", letter.Id.ToString());
                    json.WriteBoolean("resolved", outcome.IsResolved);
                    json.WriteString("outcome", outcome.Text);
                })
                : context.Output.WriteLineAsync($"{Printable.Of(letter.Id.ToString())}: {Printable.Of(outcome.Text)}")).ConfigureAwait(false);
        }

        if (parameters.IsSet("all") && !parameters.IsSet("json"))
        {
            await context.Output.WriteLineAsync($"{Reports.Count(stored, "dead letter")} resolved, {bad.ToString(CultureInfo.InvariantCulture)} still bad").ConfigureAwait(false);
        }

        return bad == 0 ? 0 : 1;
    }

    private static Task<OperationLogs> OpenTopicsAsync(OperationContext context, CancellationToken cancellationToken)
    {
        bool isKafka = context.Log is { Kind: LogKind.Kafka };
        return context.Parameters.IsSet(FromLog)
            ? OperationLogs.OpenAsync(isKafka ? context.Log : null, isKafka ? null : context.DeadLetters, reason => throw new SinkException(reason), cancellationToken)
            : OperationLogs.OpenAsync(null, null, _ => Task.CompletedTask, cancellationToken);
    }

    private static async IAsyncEnumerable<StoredDeadLetter> OnTopicsAsync(
        OperationLogs logs, string? topic, long? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (ILogReader log in logs.Readers)
        {
            await foreach (StoredDeadLetter letter in new DeadLetterTopicReader(log).ReadAsync(topic, cancellationToken).ConfigureAwait(false))
            {
                if (since is not { } from || letter.At >= from / 1_000_000)
                {
                    yield return letter;
                }
            }
        }
    }

    private static async Task<StoredDeadLetter> FindOnTopicsAsync(OperationContext context, DeadLetterId id, CancellationToken cancellationToken)
    {
        OperationLogs logs = await OpenTopicsAsync(context, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable end = logs.ConfigureAwait(false);
        await foreach (StoredDeadLetter letter in OnTopicsAsync(logs, id.Topic, null, cancellationToken).ConfigureAwait(false))
        {
            if (letter.Id == id || (id.Log is null && letter.Id with { Log = null } == id))
            {
                return letter;
            }
        }

        throw new SinkException($"there is no dead letter {id} on {Topics.DeadLetters(id.Topic)}; `ecapture dlq list --from-log` shows those that there are");
    }

    private static DeadLetterId IdOf(OperationContext context) =>
        context.Parameters.Text("id") is { } text && DeadLetterId.TryParse(text, out DeadLetterId? id) ? id
        : throw new SinkException($"'{context.Parameters.Text("id")}' is no id of a dead letter: those are topic/partition/offset or topic/partition/offset@log, such as tls/0/1234; `ecapture dlq list` shows them");

    private static Task WriteJsonAsync(TextWriter output, StoredDeadLetter letter, bool withBytes = false) => Reports.JsonLineAsync(output, json =>
    {
        json.WriteString("id", letter.Id.ToString());
        json.WriteString("log", letter.Id.Log);
        json.WriteString("topic", letter.Id.Topic);
        json.WriteNumber("partition", letter.Id.Partition);
        json.WriteNumber("offset", letter.Id.Offset);
        json.WriteString("at", Time(letter));
        json.WriteString("kind", letter.Kind);
        json.WriteString("error", letter.Error);
        json.WriteNumber("length", letter.Length);
        json.WriteBoolean("resolved", letter.IsResolved);
        if (withBytes)
        {
            json.WriteBase64String("bytes", letter.Bytes);
        }
    });

    private static string Time(StoredDeadLetter letter) =>
        DateTimeOffset.FromUnixTimeMilliseconds(letter.At).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
