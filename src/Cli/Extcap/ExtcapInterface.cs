namespace ECapture.Cli.Extcap;

/// <summary>
/// What this program tells Wireshark of itself, as its extcap interface wants it: sentences on standard output (Wireshark Developer's Guide, "Extcap: Developer Reference").
/// </summary>
internal static class ExtcapInterface
{
    /// <summary>The interface's name.</summary>
    internal const string Name = "ecapture";

    private const int Ethernet = 1; // LINKTYPE_ETHERNET: what most frames are; the file's own interface blocks decide

    /// <summary>The dialog, in its order.</summary>
    internal static IReadOnlyList<ExtcapField> Fields { get; } =
    [
        new("live", "Live", "boolflag", "Follow from now on, until you stop; From and To are not used", "Sessions", "false"),
        new("since", "From", "string", "How far back (10m, 2h, 3d), or a time in UTC", "Sessions", "1h", "1h, 3d, 2026-11-17 09:00"),
        new("to", "To", "string", "Before this time in UTC; empty: now", "Sessions", null, "2026-11-17 10:00"),
        new("host", "Host", "string", "Host that captured; several by commas", "Sessions", null, "web1"),
        new("process", "Process", "string", "Name of the process", "Sessions", null, "curl"),
        new("filter", "Filter", "string", "Filter expression of ecapture; every session that one event matches comes whole", "Sessions", null, "port == 443 and not process == curl"),
        new("no-keys", "Without TLS secrets", "boolflag", "Leave out what decrypts the sessions", "Sessions", "false"),
        new("api", "Service", "string", "Address of the query service; empty: the one of this machine", "Service", null, "http://127.0.0.1:8080"),
    ];

    /// <summary>Answers <c>--extcap-interfaces</c>.</summary>
    internal static IEnumerable<string> Interfaces(string version) =>
    [
        $"extcap {{version={version}}}{{display=ecapture: recorded sessions with their TLS secrets}}",
        $"interface {{value={Name}}}{{display=ecapture: recorded sessions}}",
    ];

    /// <summary>Answers <c>--extcap-dlts</c>.</summary>
    internal static IEnumerable<string> LinkTypes() => [$"dlt {{number={Ethernet}}}{{name=EN10MB}}{{display=as captured}}"];

    /// <summary>Answers <c>--extcap-config</c>.</summary>
    internal static IEnumerable<string> Configuration() => Fields.Select((field, number) => field.Sentence(number));
}
