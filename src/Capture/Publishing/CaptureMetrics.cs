using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ECapture.Capture.Publishing;

/// <summary>The instruments of this room.</summary>
internal static class CaptureMetrics
{
    internal static readonly ActivitySource Activities = new("ECapture.Capture");
    private static readonly Meter s_meter = new("ECapture.Capture");
    private static long s_queuedBytes;

    internal static readonly Counter<long> Events =
        s_meter.CreateCounter<long>("ecapture.capture.events", "{event}", "Events appended to the local log, by topic");

    internal static readonly Counter<long> Bytes =
        s_meter.CreateCounter<long>("ecapture.capture.bytes", "By", "Encoded events appended to the local log, by topic");

    internal static readonly Counter<long> Records =
        s_meter.CreateCounter<long>("ecapture.capture.records", "{record}", "Records read from the kernel's rings");

    internal static readonly Counter<long> Lost =
        s_meter.CreateCounter<long>("ecapture.capture.lost", "{record}", "Records not kept, by where and why");

    internal static readonly Counter<long> LeftOut =
        s_meter.CreateCounter<long>("ecapture.capture.left_out", "{event}", "Events that the filter did not let pass at once, by topic: of processes, ports and frames that nobody asked for");

    internal static readonly Counter<long> Redacted =
        s_meter.CreateCounter<long>("ecapture.capture.redacted", "{part}", "Parts of payloads that rules overwrote, by topic");

    internal static readonly Histogram<long> BatchSize =
        s_meter.CreateHistogram<long>("ecapture.capture.batch.size", "{event}", "Events of an appended batch");

    internal static readonly Histogram<double> AppendDuration =
        s_meter.CreateHistogram<double>("ecapture.capture.append.duration", "s", "Time an append to the local log took");

    internal static readonly ObservableGauge<long> Queue = s_meter.CreateObservableGauge(
        "ecapture.capture.queue.size", static () => Volatile.Read(ref s_queuedBytes), "By", "Encoded events that wait for the local log");

    /// <summary>Says how full the queue is.</summary>
    internal static void SetQueue(long bytes) => Volatile.Write(ref s_queuedBytes, bytes);
}
