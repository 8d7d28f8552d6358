using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary>A sink made of options: log, group and store.</summary>
internal sealed class SinkParts : IAsyncDisposable
{
    private const string DefaultGroup = "sink";

    // How long a sink that was killed keeps its partitions from the one that is started in its place.
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_hangs = TimeSpan.FromMinutes(1);

    private const long LeastMemory = 16 << 20;

    // The newest: the store's table has them all.
    private static readonly LocalLogOptions s_letters = new()
    {
        MaxBytes = 64 << 20,
        SegmentBytes = 4 << 20,
        FlushesEachAppend = true,
        WhenFull = LogFullAction.DropOldest,
    };

    private readonly ILogConsumer _consumer;
    private readonly SinkWorker _worker;
    private readonly DeadLetterTopic _letters;

    private SinkParts(ILogConsumer consumer, SinkWorker worker, DeadLetterTopic letters)
    {
        _consumer = consumer;
        _worker = worker;
        _letters = letters;
    }

    /// <summary>The consumer group asked for.</summary>
    internal static string GroupOf(OptionReader options) => options.Find(CommonOptions.Group) ?? DefaultGroup;

    /// <summary>How the sink batches, of the options.</summary>
    internal static SinkOptions SinkOptionsOf(OptionReader options)
    {
        SinkOptions defaults = new();
        long memory = options.Number(CommonOptions.SinkMemory, defaults.MaxBufferedBytes, LeastMemory, 64L << 30);
        return defaults with
        {
            MaxBufferedBytes = memory,
            BatchBytes = (int)Math.Min(defaults.BatchBytes, memory / 2), // one is written while another fills
            Policy = Composition.StorePolicyOf(options),
        };
    }

    /// <summary>Joins the log's group.</summary>
    /// <exception cref="LogException">The log cannot be read.</exception>
    internal static async Task<SinkParts> OpenAsync(
        OptionReader options, DataDirectory data, Store store, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        LogAddress address = Composition.LogAddressOf(options, data);
        string group = GroupOf(options);
        ILogConsumer consumer = address.Kind == LogKind.Kafka
            ? await KafkaLog.OpenConsumerAsync(address, group, Topics.All, cancellationToken)
            : LocalLog.OpenConsumer(address.Directory, group, Topics.All, new LocalConsumerOptions { Lease = s_lease });
        ILogger<SinkWorker> logger = loggers.CreateLogger<SinkWorker>();
        DeadLetterTopic letters = DeadLettersOf(options, data, store);
        IDelivery delivery = SinkDelivery.For(store, TimeProvider.System, logger, KeeperParts.RotationOf(options), letters);
        return new SinkParts(consumer, new SinkWorker(consumer, delivery, SinkOptionsOf(options), TimeProvider.System, logger), letters);
    }

    /// <summary>Where dead letters go: to Kafka when that is the log, else into a small local log beside the journals, because the agent's has the agent as its writer.</summary>
    internal static DeadLetterTopic DeadLettersOf(OptionReader options, DataDirectory data, Store store)
    {
        LogAddress log = Composition.LogAddressOf(options, data);
        return new DeadLetterTopic(
            log.Kind == LogKind.Kafka
                ? () => KafkaLog.OpenWriter(log)
                : () => NumberedLog.OpenFree(data.DeadLetters, "sink", directory => LocalLog.OpenWriter(directory, s_letters)),
            store.Address.Text,
            TimeProvider.System);
    }

    /// <summary>Why it does not do its work now, or null.</summary>
    internal string? NotReady => _worker.Status switch
    {
        { Retrying: { } failure } => failure,
        var status when DateTimeOffset.UtcNow - status.At > s_hangs => "the sink has not moved for a minute",
        _ => null,
    };

    internal Task RunAsync(CancellationToken cancellationToken) => _worker.RunAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _worker.Dispose();
        await _consumer.DisposeAsync();
        await _letters.DisposeAsync();
    }
}
