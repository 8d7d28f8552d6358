using ECapture.Events;

namespace ECapture.Query.Requests;

/// <summary>The parameters of searches and of pcapng rebuilds.</summary>
public static class SearchParameters
{
    /// <summary>Which events: for both.</summary>
    public static IReadOnlyList<SearchParameter> Filter { get; } =
    [
        new("module", $"Modules: {string.Join(", ", Topics.All)}. Several by commas.", "tls,bash", true),
        new("since", "How far back: a number and s, m, h, d or w; or a time.", "10m", false),
        new("from", "From this time on: RFC 3339, or a date and time in UTC.", "2026-11-20T06:00:00Z", false),
        new("to", "Before this time.", "2026-11-20T07:00:00Z", false),
        new("host", "Host names. Several by commas.", "web1", true),
        new("process", "Process name (comm), exactly. Give it again for several.", "curl", true),
        new("pid", "Process ids. Several by commas.", "1234", true),
        new("uid", "User ids. Several by commas.", "1000", true),
        new("address", "Address or prefix of either end. Several by commas.", "10.0.0.0/8", true),
        new("port", "Port of either end. Several by commas.", "443", true),
        new("connection", "Connection ids, 16 hexadecimal digits as events show them. Several by commas.", "8d1f00c300000001", true),
        new("flow", "Flow ids, 16 hexadecimal digits as events show them. Several by commas.", "b3a1f00d12345678", true),
        new("event", "Single events, by their ids or, found at once, by their cursors. Several by commas, up to 100.", "GIt3…", true),
        new("filter", "Filter expression: fields, == != < > ~ (contains) =~ (pattern), and, or, not.", "process == \"curl\" and port == 443", false),
        new("text", "Text that the captured bytes contain, with its case.", "GET /login", false),
    ];

    /// <summary>Of a search of events.</summary>
    public static IReadOnlyList<SearchParameter> Events { get; } =
    [
        .. Filter,
        new("limit", "Most events, 1 to 1000000, or all.", "100", false),
        new("cursor", "The cursor of the last event of the page before: every event carries its own.", "GIt3…", false),
        new("order", "newest or oldest first.", "newest", false),
        new("results", "true: ends of commands and processes as events of their own.", "false", false),
        new("group-by", "fingerprint: how often which SQL statements ran, failed and how long they took, instead of events.", "fingerprint", false),
        new("format", "json, ndjson, csv or table.", "ndjson", false),
    ];

    /// <summary>Of a list of connections; its filter looks at events of the module connection.</summary>
    public static IReadOnlyList<SearchParameter> Connections { get; } =
    [
        .. Filter.Where(p => p.Name is not ("module" or "text")),
        new("limit", "Most connections, 1 to 1000; 200 unless said otherwise.", "50", false),
        new("cursor", "What the page before gave as next.", "GIt3…", false),
    ];

    /// <summary>Of a count over time.</summary>
    public static IReadOnlyList<SearchParameter> Histogram { get; } =
    [
        .. Filter,
        new("buckets", "How many spans of time, 1 to 1000; the span counted is the last hour unless since or from says otherwise.", "120", false),
    ];

    /// <summary>Of a pcapng rebuild.</summary>
    public static IReadOnlyList<SearchParameter> Pcapng { get; } =
    [
        .. Filter,
        new("keys", "false leaves the TLS secrets out.", "true", false),
        new("synthetic", "false leaves out the packets that are made of plaintext where none were captured.", "true", false),
        new("live", "true: the file goes on with what is captured from now on, or from since or from on, until the reader leaves.", "false", false),
        new("exact-window", "true: only packets from since or from, up to to, instead of whole sessions; what began before cannot be decrypted then.", "false", false),
        new("process-blocks", "true adds a block per process, for Wireshark newer than 4.4; older ones list it as a record without time.", "false", false),
        new("reason", "Why the secrets are needed; it is recorded, and stands in the file. Needed unless keys=false.", "ticket 4711", false),
    ];
}
