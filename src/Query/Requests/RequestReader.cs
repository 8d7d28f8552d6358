using System.Globalization;
using ECapture.Events;
using ECapture.Query.Formatting;
using ECapture.Query.Pcap;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Requests;

/// <summary>Reads the parameters of a search, from a URL or from a command line: names and values are the same.</summary>
public static class RequestReader
{
    /// <summary>Events of a page when no limit is given.</summary>
    public const int DefaultLimit = 1000;

    private const int MaximumEvents = 100;

    private const int MaximumLimit = 1_000_000;

    /// <summary>Reads a search of events.</summary>
    /// <param name="parameters">Names and values; a name may come several times.</param>
    /// <param name="format">The form when none is given.</param>
    /// <exception cref="ParameterException">One of them cannot be used.</exception>
    public static EventsRequest ReadEvents(IEnumerable<KeyValuePair<string, string>> parameters, EventsFormat format)
    {
        var values = new ParameterValues(parameters, SearchParameters.Events);
        EventFilter filter = ReadFilter(values) with { IncludeResults = Boolean(values, "results") ?? false };
        EventOrder order = values.Choice("order", ("newest", EventOrder.Newest), ("oldest", EventOrder.Oldest)) ?? EventOrder.Newest;
        int? limit = values.Single("limit") switch
        {
            null => DefaultLimit,
            "all" => null,
            string text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 1 and <= MaximumLimit
                ? n
                : throw new ParameterException("limit", text, $"a number from 1 to {MaximumLimit}, or all"),
        };
        EventCursor? after = Cursor(values, "the cursor of an event of an earlier page");
        EventsFormat form = values.Choice(
            "format", ("json", EventsFormat.Json), ("ndjson", EventsFormat.Ndjson), ("csv", EventsFormat.Csv), ("table", EventsFormat.Table)) ?? format;
        bool groups = values.Choice("group-by", ("fingerprint", true)) ?? false;
        if (groups && filter.Topics.Any(t => t is not (Topics.Postgres or Topics.Mysqld)))
        {
            throw new ParameterException("group-by", "fingerprint", "modules with SQL beside it: postgres, mysqld, or none");
        }

        if (groups && (after is not null || form == EventsFormat.Csv || values.Single("order") is not null))
        {
            throw new ParameterException("group-by", "fingerprint", "no cursor, no order and no CSV beside it: the most frequent come first");
        }

        return new EventsRequest(filter, order, groups ? Math.Min(limit ?? StatementGroups.Most, StatementGroups.Most) : limit, after, form) { GroupsStatements = groups };
    }

    /// <summary>Reads a rebuild of a pcapng file.</summary>
    /// <param name="parameters">Names and values; a name may come several times.</param>
    /// <exception cref="ParameterException">One of them cannot be used.</exception>
    public static PcapngRequest ReadPcapng(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var values = new ParameterValues(parameters, SearchParameters.Pcapng);
        EventFilter filter = ReadFilter(values);
        bool isLive = Boolean(values, "live") ?? false;
        if (isLive && (filter.To is not null || Boolean(values, "exact-window") == true))
        {
            throw new ParameterException("live", "true", "no end beside it: neither to nor exact-window");
        }

        return new PcapngRequest(filter, new RebuildOptions
        {
            Keys = Boolean(values, "keys") ?? true,
            Synthetic = Boolean(values, "synthetic") ?? true,
            ProcessBlocks = Boolean(values, "process-blocks") ?? false,
            Window = Boolean(values, "exact-window") == true ? Window(filter) : null,
        })
        { IsLive = isLive };
    }

    /// <summary>Reads a list of connections.</summary>
    /// <param name="parameters">Names and values; a name may come several times.</param>
    /// <exception cref="ParameterException">One of them cannot be used.</exception>
    public static (EventFilter Filter, int Limit, EventCursor? After) ReadConnections(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        const int DefaultConnections = 200;
        const int MaximumConnections = 1000;
        var values = new ParameterValues(parameters, SearchParameters.Connections);
        return (ReadFilter(values), Number(values, "limit", DefaultConnections, MaximumConnections), Cursor(values, "what an earlier page gave as next"));
    }

    /// <summary>Reads a count of events over time.</summary>
    /// <param name="parameters">Names and values; a name may come several times.</param>
    /// <exception cref="ParameterException">One of them cannot be used.</exception>
    public static HistogramRequest ReadHistogram(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        const int DefaultBuckets = 120;
        const int MaximumBuckets = 1000;
        const long Hour = 3_600_000_000_000;
        var values = new ParameterValues(parameters, SearchParameters.Histogram);
        EventFilter filter = ReadFilter(values) with { IncludeResults = true };
        long to = filter.To ?? TimeText.Now;
        long from = filter.From ?? to - Hour;
        int buckets = Number(values, "buckets", DefaultBuckets, MaximumBuckets);
        if (from >= to)
        {
            throw new ParameterException("from", TimeText.Format(from), $"a time before {TimeText.Format(to)}");
        }

        return new HistogramRequest(filter with { From = from, To = to }, buckets, Math.Max(1, (to - from + buckets - 1) / buckets));
    }

    private static EventFilter ReadFilter(ParameterValues values)
    {
        string? since = values.Single("since");
        string? from = values.Single("from");
        if (since is not null && from is not null)
        {
            throw new ParameterException("since", since, "either since or from, not both");
        }

        long? first = null;
        if (since is not null)
        {
            first = TimeText.TryParseDuration(since, out long ago) ? TimeText.Now - ago
                : TimeText.TryParseTime(since, out long time) ? time
                : throw new ParameterException("since", since, "a number and s, m, h, d or w, such as 10m; or a time such as 2026-11-20T06:00:00Z");
        }
        else if (from is not null)
        {
            first = Time("from", from);
        }

        long? last = values.Single("to") is { } to ? Time("to", to) : null;
        if (first >= last)
        {
            throw new ParameterException("to", values.Single("to")!, $"a time after {TimeText.Format(first.Value)}");
        }

        IReadOnlyList<string> modules = values.List("module", Module, "one of " + string.Join(", ", Topics.All));
        IReadOnlyList<EventPlace> events = Events(values);
        return new EventFilter
        {
            From = first,
            To = last,
            Topics = modules.Count > 0 ? modules : [.. events.Select(e => e.Id.Topic).Distinct()],
            Hosts = values.List("host", static v => v, "a host name"),
            Processes = values.Whole("process"),
            Pids = values.List("pid", UInt32, "a number from 0 to 4294967295"),
            Uids = values.List("uid", UInt32, "a number from 0 to 4294967295"),
            Addresses = values.List("address", v => AddressRange.TryParse(v, out AddressRange? range) ? range : null, "an address or prefix, such as 10.0.0.1, 10.0.0.0/8 or fe80::/10"),
            Ports = values.List("port", UInt16, "a number from 1 to 65535"),
            Connections = values.List("connection", Id, "16 hexadecimal digits"),
            Flows = values.List("flow", Id, "16 hexadecimal digits"),
            Events = events,
            Expression = values.Single("filter") is { Length: > 0 } expression ? Expression(expression) : null,
            Text = values.Single("text") is { Length: > 0 } text ? text : null,
        };
    }

    private static EventCursor? Cursor(ParameterValues values, string valid) =>
        values.Single("cursor") is not { } text ? null : EventCursor.TryParse(text, out EventCursor cursor) ? cursor : throw new ParameterException("cursor", text, valid);

    private static TimeRange Window(EventFilter filter) => filter.From is null && filter.To is null
        ? throw new ParameterException("exact-window", "true", "a window beside it: since or from, and to")
        : new TimeRange(filter.From ?? 0, filter.To ?? long.MaxValue);

    private static IReadOnlyList<EventPlace> Events(ParameterValues values)
    {
        IReadOnlyList<EventPlace> events = values.List("event", Event, "an event's id (RUN/module/partition/sequence) or cursor");
        return events.Count <= MaximumEvents ? events : throw new ParameterException("event", $"{events.Count} events", $"at most {MaximumEvents} events");
    }

    private static EventPlace? Event(string text) => EventPlace.TryParse(text, out EventPlace place) ? place : null;

    private static long Time(string name, string text) => TimeText.TryParseTime(text, out long time)
        ? time
        : throw new ParameterException(name, text, "a time such as 2026-11-20T06:00:00Z or 2026-11-20 06:00:00.123456789 (UTC)");

    private static FilterExpression Expression(string text)
    {
        try
        {
            return FilterExpression.Parse(text);
        }
        catch (FilterSyntaxException e)
        {
            throw new ParameterException("filter", text, e);
        }
    }

    private static int Number(ParameterValues values, string name, int builtIn, int most) => values.Single(name) is not { } text ? builtIn
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= 1 && n <= most ? n
        : throw new ParameterException(name, text, $"a number from 1 to {most}");

    private static string? Module(string text) => Topics.All.Contains(text) ? text : null;

    private static uint? UInt32(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) ? value : null;

    private static ushort? UInt16(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort value) && value > 0 ? value : null;

    private static ulong? Id(string text) =>
        text.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : null;

    private static bool? Boolean(ParameterValues values, string name) => values.Choice(name, ("true", true), ("false", false));
}
