using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Query.Requests;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Formatting;

/// <summary>Counts of SQL statements by fingerprint, each with its newest statement: the same for the API and for the command <c>ecapture events</c>.</summary>
public static class StatementGroups
{
    private const int LongestText = 200;

    private static readonly TextTable s_table = new(
        TextTable.Numbers("COUNT", 8), TextTable.Numbers("ERRORS", 7), TextTable.Numbers("ROWS", 8), TextTable.Numbers("MEAN ms", 8), TextTable.Numbers("MAX ms", 8),
        TextTable.Words("FINGERPRINT", 16), TextTable.Words("MODULE", 8), TextTable.Words("NEWEST STATEMENT"));

    /// <summary>Groups that are given at most.</summary>
    public const int Most = 100;

    /// <summary>Writes them, the most frequent first.</summary>
    /// <param name="store">Where the statements are.</param>
    /// <param name="request">Which statements.</param>
    /// <param name="output">Where they go. It is not completed.</param>
    /// <param name="cancellationToken">Ends the reads, in the store, too.</param>
    /// <returns>How many groups.</returns>
    /// <exception cref="StoreException">The store failed.</exception>
    public static async Task<int> WriteAsync(IEventStoreReader store, EventsRequest request, PipeWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(output);
        IReadOnlyList<StatementGroup> groups = await store.StatementGroupsAsync(request.Filter, request.Limit ?? Most, cancellationToken).ConfigureAwait(false);
        List<(StatementGroup Group, string Text)> shown = [];
        foreach (StatementGroup group in groups)
        {
            shown.Add((group, await NewestAsync(store, request.Filter, group, cancellationToken).ConfigureAwait(false)));
        }

        switch (request.Format)
        {
            case EventsFormat.Json:
                WriteJson(shown, output);
                break;
            case EventsFormat.Ndjson:
                foreach ((StatementGroup group, string text) in shown)
                {
                    using (var json = new Utf8JsonWriter(output))
                    {
                        Write(json, group, text);
                    }

                    output.Write("\n"u8);
                }

                break;
            default:
                WriteTable(shown, output);
                break;
        }

        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return shown.Count;
    }

    private static async Task<string> NewestAsync(IEventStoreReader store, EventFilter filter, StatementGroup group, CancellationToken cancellationToken)
    {
        const long Microsecond = 1000; // one store cuts times
        var one = FilterExpression.Parse(string.Create(CultureInfo.InvariantCulture, $"sql_fingerprint == {group.Fingerprint:x16}"));
        EventFilter newest = filter with
        {
            Topics = [group.Topic],
            From = group.Last - Microsecond,
            To = group.Last + Microsecond,
            Expression = FilterExpression.Both(filter.Expression, one),
        };
        await foreach (StoredEvent stored in store.SearchAsync(newest, EventOrder.Newest, null, 1, cancellationToken).ConfigureAwait(false))
        {
            return Encoding.UTF8.GetString(stored.Event.SqlStatement.Statement.Span);
        }

        return "";
    }

    private static void WriteJson(List<(StatementGroup Group, string Text)> shown, PipeWriter output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteStartArray("groups");
        foreach ((StatementGroup group, string text) in shown)
        {
            Write(json, group, text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StatementGroup group, string text)
    {
        json.WriteStartObject();
        json.WriteString("fingerprint", EventView.Id(group.Fingerprint));
        json.WriteString("module", group.Topic);
        json.WriteNumber("count", group.Count);
        json.WriteNumber("errors", group.Errors);
        json.WriteNumber("rows", group.Rows);
        json.WriteNumber("total_ns", group.TotalNs);
        json.WriteNumber("longest_ns", group.LongestNs);
        json.WriteString("first", TimeText.Format(group.First));
        json.WriteString("last", TimeText.Format(group.Last));
        json.WriteString("statement", text);
        json.WriteEndObject();
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(double nanoseconds) => (nanoseconds / 1e6).ToString("0.000", CultureInfo.InvariantCulture);

    private static void WriteTable(List<(StatementGroup Group, string Text)> shown, PipeWriter output)
    {
        var table = new StringBuilder(s_table.Header).Append('\n');
        foreach ((StatementGroup group, string text) in shown)
        {
            string statement = Printable.Of(text.Length > LongestText ? text[..LongestText] + "…" : text);
            table.Append(s_table.Line(
                Number(group.Count), Number(group.Errors), Number(group.Rows), Milliseconds((double)group.TotalNs / group.Count), Milliseconds(group.LongestNs),
                EventView.Id(group.Fingerprint), group.Topic, statement)).Append('\n');
        }

        Encoding.UTF8.GetBytes(table.ToString(), output);
    }
}
