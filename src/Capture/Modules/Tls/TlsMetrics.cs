using System.Diagnostics.Metrics;

namespace ECapture.Capture.Modules.Tls;

/// <summary>The module's instruments, in the meter <c>ECapture.Capture</c>.</summary>
internal static class TlsMetrics
{
    private static readonly Meter s_meter = new("ECapture.Capture");

    internal static readonly Counter<long> Bytes =
        s_meter.CreateCounter<long>("ecapture.capture.tls.bytes", "By", "TLS plaintext captured");

    internal static readonly Counter<long> Secrets =
        s_meter.CreateCounter<long>("ecapture.capture.tls.secrets", "{secret}", "TLS secrets captured");

    internal static readonly UpDownCounter<int> Libraries =
        s_meter.CreateUpDownCounter<int>("ecapture.capture.tls.libraries", "{library}", "TLS libraries with probes on them");
}
