using System.Globalization;
using ECapture.Events.Formatting;
using ECapture.Sink.Operations;

namespace ECapture.Sink.Reconcile;

/// <summary>A reconciliation as lines.</summary>
internal static class ReconcileReport
{
    private const int NumberWidth = 10;

    private static readonly TextTable s_table = new(
    [
        TextTable.Words("topic/partition", 16), TextTable.Words("hour", 18),
        .. ((string[])["offsets", "rows", "dead", "duplicate", "expired", "dropped", "difference"]).Select(name => TextTable.Numbers(name, NumberWidth)),
        TextTable.Words("proven by"),
    ]);

    /// <returns>The exit code.</returns>
    public static async Task<int> WriteAsync(
        TextWriter output, bool isJson, IReadOnlyList<KeyValuePair<LineKey, ReconcileLine>> lines, IReadOnlyList<string> holes, IReadOnlyList<string> notes)
    {
        int unequal = lines.Count(line => !line.Value.IsEqual);
        bool isEqual = unequal == 0 && holes.Count == 0;
        if (isJson)
        {
            foreach ((LineKey key, ReconcileLine line) in lines)
            {
                await JsonAsync(output, key, line).ConfigureAwait(false);
            }

            await Reports.JsonLineAsync(output, json =>
            {
                json.WriteBoolean("equal", isEqual);
                json.WriteNumber("lines", lines.Count);
                json.WriteNumber("unequal", unequal);
                json.WriteNumber("offsets", lines.Sum(line => line.Value.Offsets));
                json.WriteStartArray("holes");
                holes.ToList().ForEach(json.WriteStringValue);
                json.WriteEndArray();
                json.WriteStartArray("notes");
                notes.ToList().ForEach(json.WriteStringValue);
                json.WriteEndArray();
            }).ConfigureAwait(false);
            return isEqual ? 0 : 1;
        }

        if (lines.Count > 0)
        {
            await output.WriteLineAsync(s_table.Header).ConfigureAwait(false);
        }

        foreach ((LineKey key, ReconcileLine line) in lines)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{key.Topic}/{key.Partition}");
            await output.WriteLineAsync(s_table.Line(
                name, Reports.Hour(key.Hour), N(line.Offsets), N(line.Rows), N(line.DeadLetters), N(line.Duplicates), N(line.Expired), N(line.Dropped), N(line.Difference), line.ProvenBy)).ConfigureAwait(false);
            if (line.LogDifference != 0)
            {
                await output.WriteLineAsync($"  the log holds {N(line.InLog)} records where the sink's accounts say {N(line.Counted)}").ConfigureAwait(false);
            }
        }

        foreach (string line in holes.Concat(notes))
        {
            await output.WriteLineAsync(Printable.Of(line)).ConfigureAwait(false);
        }

        await output.WriteLineAsync(isEqual
            ? $"equal: {Reports.Count(lines.Count, "line")}, {Reports.Count(lines.Sum(line => line.Value.Offsets), "offset")}"
            : $"NOT EQUAL: {N(unequal)} of {Reports.Count(lines.Count, "line")}, {Reports.Count(holes.Count, "hole")}").ConfigureAwait(false);
        return isEqual ? 0 : 1;
    }

    private static Task JsonAsync(TextWriter output, LineKey key, ReconcileLine line) => Reports.JsonLineAsync(output, json =>
    {
        json.WriteString("topic", key.Topic);
        json.WriteNumber("partition", key.Partition);
        json.WriteString("hour", key.Hour == 0 ? null : Reports.Hour(key.Hour));
        json.WriteNumber("offsets", line.Offsets);
        json.WriteNumber("rows", line.Rows);
        json.WriteNumber("retried", line.Retried);
        json.WriteNumber("dead_letters", line.DeadLetters);
        json.WriteNumber("duplicates", line.Duplicates);
        json.WriteNumber("expired", line.Expired);
        json.WriteNumber("dropped", line.Dropped);
        json.WriteNumber("difference", line.Difference);
        json.WriteNumber("log_difference", line.LogDifference);
        json.WriteString("proven_by", line.ProvenBy);
    });

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
