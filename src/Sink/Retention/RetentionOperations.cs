using System.Globalization;
using ECapture.Events.Formatting;
using ECapture.Sink.Operations;
using ECapture.Storage;

namespace ECapture.Sink.Retention;

/// <summary>What <c>ecapture retention</c> does: show, run.</summary>
public static class RetentionOperations
{
    private static readonly TextTable s_table = new(
        TextTable.Words("table", 10), TextTable.Words("partition", 10), TextTable.Numbers("rows", 12), TextTable.Numbers("bytes", 14), TextTable.Numbers("age", 5), TextTable.Words("next"));

    /// <summary>Shows every partition and what is to become of it. Parameters: module, json.</summary>
    /// <returns>0.</returns>
    public static async Task<int> ShowAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        RetentionReport report = await context.RequireKeeper().ShowAsync(cancellationToken).ConfigureAwait(false);
        string? module = context.Parameters.Text("module");
        PartitionReport[] partitions =
        [
            .. report.Partitions.Where(p => module is null || p.Table == module).OrderBy(p => p.Table, StringComparer.Ordinal).ThenBy(p => p.From),
        ];
        bool isEstimate = IsEstimate(context);
        TextWriter output = context.Output;
        if (context.Parameters.IsSet("json"))
        {
            foreach (PartitionReport p in partitions)
            {
                await WriteJsonAsync(output, p, null, isEstimate).ConfigureAwait(false);
            }

            await Reports.JsonLineAsync(output, json =>
            {
                json.WriteString("volume", report.Volume);
                Number(json, "free", report.Free);
                Number(json, "total", report.Total);
                json.WriteString("minimum_free", report.MinimumFree);
            }).ConfigureAwait(false);
            return 0;
        }

        await output.WriteLineAsync(s_table.Header).ConfigureAwait(false);
        foreach (PartitionReport p in partitions)
        {
            await output.WriteLineAsync(Line(p, isEstimate)).ConfigureAwait(false);
        }

        await output.WriteLineAsync(Space(report)).ConfigureAwait(false);
        await NotesAsync(output, report.Notes).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Applies the rules once. Parameters: dry-run, actor, json.</summary>
    /// <returns>0; 1 when a partition that should go could not be archived or dropped.</returns>
    public static async Task<int> RunAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        bool isDryRun = context.Parameters.IsSet("dry-run");
        RetentionResult result = await context.RequireKeeper().ApplyAsync(isDryRun, context.Actor(), cancellationToken).ConfigureAwait(false);
        TextWriter output = context.Output;
        bool isJson = context.Parameters.IsSet("json");
        bool isEstimate = IsEstimate(context);
        foreach (PartitionReport p in result.Dropped)
        {
            await (isJson
                ? WriteJsonAsync(output, p, isDryRun ? "would drop" : "dropped", isEstimate)
                : output.WriteLineAsync($"{(isDryRun ? "would drop" : "dropped")} {p.Table}/{p.Partition}: {(isEstimate ? "about " : "")}{Reports.Count(p.Rows, "row")}, {Reports.Count(p.Bytes, "byte")}; {p.Because}")).ConfigureAwait(false);
        }

        foreach (string failure in result.Failed)
        {
            await (isJson ? Reports.JsonLineAsync(output, json => json.WriteString("failed", failure)) : output.WriteLineAsync("FAILED: " + Printable.Of(failure))).ConfigureAwait(false);
        }

        if (!isJson)
        {
            await output.WriteLineAsync($"{Reports.Count(result.Dropped.Count, "partition")} {(isDryRun ? "would be dropped" : "dropped")}{(result.Failed.Count > 0 ? $", {result.Failed.Count.ToString(CultureInfo.InvariantCulture)} failed" : "")}").ConfigureAwait(false);
            await NotesAsync(output, result.Notes).ConfigureAwait(false);
        }

        return result.Failed.Count == 0 ? 0 : 1;
    }

    // PostgreSQL counts rows only by reading them all; what it drops is counted exactly, in the table `expired`.
    private static bool IsEstimate(OperationContext context) => context.Store is PostgresStore;

    private static string Line(PartitionReport p, bool isEstimate)
    {
        string rows = (isEstimate ? "~" : "") + p.Rows.ToString("N0", CultureInfo.InvariantCulture);
        string next = p.Verdict switch
        {
            Verdict.Keep when p.HeldBy.Count > 0 => "kept; held by " + Printable.Of(string.Join(", ", p.HeldBy)),
            Verdict.Keep => "kept",
            Verdict.Drop => "DROP: " + p.Because,
            _ => "kept: " + Printable.Of(p.Because),
        };
        TimeSpan age = DateTimeOffset.UtcNow - p.From;
        string ageText = age < TimeSpan.Zero ? "0h" : age < TimeSpan.FromDays(2) ? $"{(int)age.TotalHours}h" : $"{(int)age.TotalDays}d";
        return s_table.Line(p.Table, p.Partition, rows, p.Bytes.ToString("N0", CultureInfo.InvariantCulture), ageText, next);
    }

    private static string Space(RetentionReport report) => report.Free is { } free && report.Total is { } total
        ? string.Create(CultureInfo.InvariantCulture, $"volume ({Printable.Of(report.Volume ?? "")}): {free:N0} of {total:N0} bytes free ({100.0 * free / Math.Max(1, total):0.0}%), minimum {report.MinimumFree ?? "none"}")
        : $"volume: not known, minimum {report.MinimumFree ?? "none"}";

    private static async Task NotesAsync(TextWriter output, IReadOnlyList<string> notes)
    {
        foreach (string note in notes)
        {
            await output.WriteLineAsync("note: " + note).ConfigureAwait(false);
        }
    }

    private static Task WriteJsonAsync(TextWriter output, PartitionReport p, string? done, bool isEstimate) => Reports.JsonLineAsync(output, json =>
    {
        json.WriteString("table", p.Table);
        json.WriteString("partition", p.Partition);
        json.WriteString("from", p.From);
        json.WriteString("to", p.To);
        json.WriteNumber("rows", p.Rows);
        json.WriteBoolean("rows_are_an_estimate", isEstimate);
        json.WriteNumber("bytes", p.Bytes);
        json.WriteString("verdict", p.Verdict.ToString().ToLowerInvariant());
        json.WriteString("because", p.Because);
        json.WriteStartArray("held_by");
        foreach (string name in p.HeldBy)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        if (done is not null)
        {
            json.WriteString("done", done);
        }
    });

    private static void Number(System.Text.Json.Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
