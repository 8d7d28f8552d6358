using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ECapture.Query;

/// <summary>Metrics and traces of searches and rebuilds.</summary>
public static class QueryTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "ECapture.Query";

    private static readonly Meter s_meter = new(Name);

    internal static ActivitySource Activities { get; } = new(Name);

    internal static Counter<long> Events { get; } =
        s_meter.CreateCounter<long>("ecapture.query.events", "{event}", "Events that searches gave.");

    internal static Histogram<double> SearchDuration { get; } =
        s_meter.CreateHistogram<double>("ecapture.query.search.duration", "s", "Time from the begin of a search to its last event.");

    internal static Counter<long> Packets { get; } =
        s_meter.CreateCounter<long>("ecapture.query.pcapng.packets", "{packet}", "Packets in rebuilt files.");

    internal static Counter<long> Bytes { get; } =
        s_meter.CreateCounter<long>("ecapture.query.pcapng.bytes", "By", "Length of rebuilt files.");

    internal static Counter<long> Sessions { get; } =
        s_meter.CreateCounter<long>("ecapture.query.pcapng.sessions", "{session}", "Sessions in rebuilt files.");

    internal static Histogram<double> RebuildDuration { get; } =
        s_meter.CreateHistogram<double>("ecapture.query.pcapng.duration", "s", "Time that rebuilding a file took.");
}
