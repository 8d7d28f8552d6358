using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ECapture.Log;

/// <summary>The instruments of this room.</summary>
internal static class LogMetrics
{
    public const string Name = "ECapture.Log";

    public static readonly Meter Meter = new(Name);

    public static readonly ActivitySource Activities = new(Name);

    public static readonly Counter<long> Appended =
        Meter.CreateCounter<long>("ecapture.log.appended", "{record}", "Records appended to the local log.");

    public static readonly Counter<long> AppendedBytes =
        Meter.CreateCounter<long>("ecapture.log.appended.bytes", "By", "Bytes of keys and values appended to the local log.");

    public static readonly Histogram<double> AppendDuration =
        Meter.CreateHistogram<double>("ecapture.log.append.duration", "s", "Time of one append to the local log.");

    public static readonly Counter<long> Refused =
        Meter.CreateCounter<long>("ecapture.log.refused", "{record}", "Records that the local log refused because it was full or could not be written.");

    public static readonly Counter<long> Dropped =
        Meter.CreateCounter<long>("ecapture.log.dropped", "{record}", "Records that left the local log before every group had read them.");

    public static readonly Counter<long> Read =
        Meter.CreateCounter<long>("ecapture.log.read", "{record}", "Records delivered to consumers.");

    public static readonly Counter<long> Skipped =
        Meter.CreateCounter<long>("ecapture.log.skipped", "{offset}", "Offsets that a consumer of the local log wanted and that were no longer kept.");

    public static readonly Counter<long> KafkaErrors =
        Meter.CreateCounter<long>("ecapture.log.kafka.errors", "{error}", "Errors that the Kafka client reported, most of which it recovers from.");

    public static readonly Counter<long> HeartbeatFailures =
        Meter.CreateCounter<long>("ecapture.log.heartbeat.failures", "{beat}", "Signs of life that a group member could not give.");

    public static readonly Counter<long> Fenced =
        Meter.CreateCounter<long>("ecapture.log.commits.fenced", "{commit}", "Commits refused because the partition belongs to another member.");

    public static readonly Counter<long> CommitsDeferred =
        Meter.CreateCounter<long>("ecapture.log.commits.deferred", "{commit}", "Commits that the local log could not take at once and that are made again.");

    public static readonly Counter<long> Forwarded =
        Meter.CreateCounter<long>("ecapture.log.forwarded", "{record}", "Records of the local log that Kafka acknowledged.");

    public static readonly Gauge<long> Spooled =
        Meter.CreateGauge<long>("ecapture.log.spooled", "{record}", "Records in the local log that Kafka has not acknowledged.");

    public static readonly Counter<long> ForwardRetries =
        Meter.CreateCounter<long>("ecapture.log.forward.retries", "{retry}", "Times that the forwarder started over with a new producer.");
}
