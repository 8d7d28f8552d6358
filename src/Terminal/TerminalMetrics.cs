using System.Diagnostics.Metrics;

namespace ECapture.Terminal;

/// <summary>The instruments of this room; docs/observability.md lists them.</summary>
internal static class TerminalMetrics
{
    private static readonly Meter s_meter = new("ECapture.Terminal");

    internal static Counter<long> Events { get; } =
        s_meter.CreateCounter<long>("ecapture.terminal.events", "{event}", "Events that a terminal command received");

    internal static Counter<long> Written { get; } =
        s_meter.CreateCounter<long>("ecapture.terminal.written", "{record}", "Blocks, lines, key-log lines and packets that a terminal command wrote");

    internal static Counter<long> Lost { get; } =
        s_meter.CreateCounter<long>("ecapture.terminal.lost", "{record}", "Records that a receiver did not take in time and that were dropped");
}
