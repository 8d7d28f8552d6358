using ECapture.Cli.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ECapture.Cli.Telemetry;

/// <summary>
/// Logs to standard error, and metrics, traces and logs to an OpenTelemetry collector when one is named (OTLP over HTTP with protobuf).
/// </summary>
internal sealed class Telemetry : IDisposable
{
    private readonly MeterProvider? _meters;
    private readonly TracerProvider? _traces;

    private readonly LiveLevel _level;

    private Telemetry(ILoggerFactory loggers, LiveLevel level, MeterProvider? meters, TracerProvider? traces)
    {
        Loggers = loggers;
        _level = level;
        _meters = meters;
        _traces = traces;
    }

    internal ILoggerFactory Loggers { get; }

    /// <summary>The least level that is logged; may be changed at any time.</summary>
    internal LogLevel LeastLevel
    {
        get => _level.Value;
        set => _level.Value = value;
    }

    /// <summary>Starts what the options ask for.</summary>
    /// <param name="service">Name of the part: capture, sink, query, service, run.</param>
    /// <param name="options">The command's options.</param>
    /// <param name="level">The least level that is logged where the user names none.</param>
    /// <exception cref="UsageException">An option cannot be used.</exception>
    internal static Telemetry Start(string service, OptionReader options, LogLevel level = LogLevel.Information)
    {
        LiveLevel least = new() { Value = options.Find(CommonOptions.LogLevel) is null ? level : Level(options) };
        bool json = IsJson(options);
        Uri? collector = Collector(options);
        ResourceBuilder resource = ResourceBuilder.CreateDefault()
            .AddService("ecapture-" + service, serviceVersion: ProgramVersion.Text, serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}");

        ILoggerFactory loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(LogLevel.Trace);
            logging.AddFilter(each => each >= least.Value);
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddConsole(console =>
            {
                console.LogToStandardErrorThreshold = LogLevel.Trace;
                console.FormatterName = json ? ConsoleFormatterNames.Json : LineFormatter.FormatterName;
            });
            logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
            if (collector is not null)
            {
                logging.AddOpenTelemetry(logs =>
                {
                    logs.SetResourceBuilder(resource);
                    logs.AddOtlpExporter(o => Configure(o, collector, "v1/logs"));
                });
            }
        });

        if (collector is null)
        {
            return new Telemetry(loggers, least, null, null);
        }

        const int ExportEveryMilliseconds = 5000;
        MeterProvider? meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("ECapture.*", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Npgsql")
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, collector, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = ExportEveryMilliseconds;
            })
            .Build();
        TracerProvider? traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("ECapture.*", "Microsoft.AspNetCore")
            .AddOtlpExporter(o => Configure(o, collector, "v1/traces"))
            .Build();
        return new Telemetry(loggers, least, meters, traces);
    }

    public void Dispose()
    {
        // Flushes what is still held; a collector that is away must not hold up the end.
        const int PatienceMilliseconds = 1000;
        _meters?.Shutdown(PatienceMilliseconds);
        _traces?.Shutdown(PatienceMilliseconds);
        _meters?.Dispose();
        _traces?.Dispose();
        Loggers.Dispose();
    }

    /// <summary>The least level that is logged.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static LogLevel Level(OptionReader options) => Enum.Parse<LogLevel>(
        options.Choice(CommonOptions.LogLevel, "information", "trace", "debug", "information", "warning", "error"), ignoreCase: true);

    /// <summary>True when logs are JSON.</summary>
    /// <exception cref="UsageException">The format is none.</exception>
    internal static bool IsJson(OptionReader options) => options.Choice(CommonOptions.LogFormat, "text", "text", "json") == "json";

    /// <summary>Where telemetry goes; null: nowhere.</summary>
    /// <exception cref="UsageException">It is no address.</exception>
    internal static Uri? Collector(OptionReader options)
    {
        string? text = options.Find(CommonOptions.Otlp) ?? Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT");
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new UsageException($"--otlp: '{text}' is no http or https address; for example http://127.0.0.1:4318");
    }

    private sealed class LiveLevel
    {
        internal volatile LogLevel Value;
    }

    private static void Configure(OtlpExporterOptions options, Uri collector, string path)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri(collector.AbsoluteUri.TrimEnd('/') + "/" + path);
    }
}
