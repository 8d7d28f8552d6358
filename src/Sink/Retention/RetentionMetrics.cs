using System.Diagnostics.Metrics;

namespace ECapture.Sink.Retention;

/// <summary>The instruments of retention and archive, on the sink's meter.</summary>
internal static class RetentionMetrics
{
    private static readonly Meter s_meter = new(SinkMetrics.Name);

    internal static readonly Counter<long> DroppedRows =
        s_meter.CreateCounter<long>("ecapture.sink.retention.rows", "{event}", "Rows dropped by retention, by table and rule.");

    internal static readonly Counter<long> DroppedBytes =
        s_meter.CreateCounter<long>("ecapture.sink.retention.bytes", "By", "Bytes of the store freed by retention, by table and rule.");

    internal static readonly Counter<long> ArchivedBytes =
        s_meter.CreateCounter<long>("ecapture.sink.archive.bytes", "By", "Bytes written into archives, by table.");

    internal static readonly Counter<long> Failures =
        s_meter.CreateCounter<long>("ecapture.sink.retention.failures", "{failure}", "Partitions that could not be archived or dropped.");

    internal static readonly Gauge<long> Free =
        s_meter.CreateGauge<long>("ecapture.sink.retention.free", "By", "Space free on the store's volume, as far as it is known.");
}
