using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Sink.Delivery;
using ECapture.Sink.Projections;
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
    private const long MostMemory = 64L << 30;

    // The newest: the store's table has them all.
    private static readonly LocalLogOptions s_letters = new()
    {
        MaxBytes = 64 << 20,
        SegmentBytes = 4 << 20,
        FlushesEachAppend = true,
        WhenFull = LogFullAction.DropOldest,
    };

    // What is made of plaintext is small, and one batch in flight is enough.
    private const int ProjectionBytes = 8 << 20;

    private readonly List<(ILogConsumer Consumer, SinkWorker Worker)> _parts = [];
    private readonly ProjectionMetrics _metrics = new();
    private readonly DeadLetterTopic _letters;

    private SinkParts(DeadLetterTopic letters)
    {
        _letters = letters;
    }

    /// <summary>The consumer group asked for.</summary>
    internal static string GroupOf(OptionReader options) => options.Find(CommonOptions.Group) ?? DefaultGroup;

    /// <summary>Bytes of the sink's batches.</summary>
    /// <exception cref="UsageException">They are out of range.</exception>
    internal static long MemoryOf(OptionReader options) => options.Number(CommonOptions.SinkMemory, new SinkOptions().MaxBufferedBytes, LeastMemory, MostMemory);

    /// <summary>How the sink batches, of the options.</summary>
    internal static SinkOptions SinkOptionsOf(OptionReader options)
    {
        SinkOptions defaults = new();
        long memory = MemoryOf(options);
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
        ILogger<SinkWorker> logger = loggers.CreateLogger<SinkWorker>();
        SinkOptions batching = SinkOptionsOf(options);
        DeadLetterTopic letters = DeadLettersOf(options, data, store);
        SinkParts parts = new(letters);
        try
        {
            IDelivery delivery = SinkDelivery.For(store, TimeProvider.System, logger, KeeperParts.RotationOf(options), letters);
            parts.Add(await OpenAsync(address, group, Topics.Logged, cancellationToken), delivery, batching, logger);
            HttpDelivery projection = new(
                SinkDelivery.For(store, TimeProvider.System, logger, KeeperParts.RotationOf(options)), store, parts._metrics, TimeProvider.System, logger);
            int bytes = (int)Math.Min(ProjectionBytes, batching.MaxBufferedBytes / 8);
            SinkOptions less = batching with { Work = Topics.Http, BatchBytes = bytes, MaxBufferedBytes = 2L * bytes, MaxConcurrentWrites = 1 };
            parts.Add(await OpenAsync(address, $"{group}-http", Topics.Plaintext, cancellationToken), projection, less, logger);
            return parts;
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
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
    internal string? NotReady => _parts.Select(part => part.Worker.Status switch
    {
        { Retrying: { } failure } => failure,
        var status when DateTimeOffset.UtcNow - status.At > s_hangs => "the sink has not moved for a minute",
        _ => null,
    }).FirstOrDefault(reason => reason is not null);

    /// <summary>Runs until cancelled; when one part fails, the other ends, too.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [.. _parts.Select(part => part.Worker.RunAsync(stopping.Token))];
        await Task.WhenAny(running);
        await stopping.CancelAsync();
        await Task.WhenAll(running);
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((ILogConsumer consumer, SinkWorker worker) in _parts)
        {
            worker.Dispose();
            await consumer.DisposeAsync();
        }

        await _letters.DisposeAsync();
        _metrics.Dispose();
    }

    private static async Task<ILogConsumer> OpenAsync(LogAddress address, string group, IReadOnlyCollection<string> topics, CancellationToken cancellationToken) =>
        address.Kind == LogKind.Kafka
            ? await KafkaLog.OpenConsumerAsync(address, group, topics, cancellationToken)
            : LocalLog.OpenConsumer(address.Directory, group, topics, new LocalConsumerOptions { Lease = s_lease });

    private void Add(ILogConsumer consumer, IDelivery delivery, SinkOptions options, ILogger<SinkWorker> logger) =>
        _parts.Add((consumer, new SinkWorker(consumer, delivery, options, TimeProvider.System, logger)));
}
