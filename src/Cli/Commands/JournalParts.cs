using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Log.Forwarding;
using ECapture.Log.Journal;
using ECapture.Log.Local;
using ECapture.Log.Streams;
using ECapture.Sink;
using ECapture.Sink.DeadLetters;
using ECapture.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary>
/// The journal of a process and its way into the store, or to Kafka when that is the log. <c>DATA/journal/NAME</c> is one journal; what another
/// process left there is delivered, too.
/// </summary>
internal sealed partial class JournalParts : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    // Entries are few and small.
    private static readonly SinkOptions s_sink = new() { BatchBytes = 1 << 20, MaxBufferedBytes = 4 << 20, MaxConcurrentWrites = 1 };

    private readonly EventJournal? _journal;
    private readonly List<Carrier> _carriers;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _carrying;

    private JournalParts(EventJournal? journal, string reason, List<Carrier> carriers, ILogger logger)
    {
        _logger = logger;
        _journal = journal;
        Journal = journal is null ? new UnavailableJournal(reason) : journal;
        _carriers = carriers;
        _carrying = Task.WhenAll(carriers.Select(carrier => Task.Run(() => CarryAsync(carrier))));
    }

    /// <summary>Where the process records what it does.</summary>
    internal IJournal Journal { get; }

    /// <summary>Opens the journal and delivers what comes into it. When that is not possible, the process goes on, and only what must be recorded is refused.</summary>
    /// <param name="options">Data directory, log, group, host, tenant.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="service">Which process this is: "service", "sink", "query", "command".</param>
    /// <param name="store">Where entries go when the log is not Kafka.</param>
    /// <param name="loggers">Makes the loggers.</param>
    internal static JournalParts Start(OptionReader options, DataDirectory data, string service, Store store, ILoggerFactory loggers)
    {
        ILogger logger = loggers.CreateLogger<JournalParts>();
        AgentIdentity identity = AgentIdentity.Create(
            options.Find(CommonOptions.Tenant) ?? "", options.Find(CommonOptions.HostName) ?? Environment.MachineName);
        EventJournal? journal = null;
        string reason = "";
        try
        {
            journal = NumberedLog.OpenFree(data.Journal, service, directory => EventJournal.Open(directory, identity, service, logger));
        }
        catch (Exception e) when (e is LogException or IOException or UnauthorizedAccessException)
        {
            reason = e.Message;
            LogUnavailable(logger, data.Journal, e.Message);
        }

        List<Carrier> carriers = [];
        string[] directories = Directory.Exists(data.Journal) ? Directory.GetDirectories(data.Journal) : [];
        foreach (string directory in directories.Order(StringComparer.Ordinal))
        {
            try
            {
                carriers.Add(Carry(directory, options, data, identity.Host, store, loggers));
            }
            catch (LogException e)
            {
                LogUnavailable(logger, directory, e.Message);
            }
        }

        return new JournalParts(journal, reason, carriers, logger);
    }

    /// <summary>Ends the run of the journal and delivers what it said, as far as the patience goes; the rest is delivered by the next process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_journal is not null)
        {
            await _journal.DisposeAsync();
            if (_journal.HasEntries)
            {
                await DrainAsync(_journal.Directory, DateTimeOffset.UtcNow);
            }
        }

        await _stop.CancelAsync();
        await _carrying;
        foreach (Carrier carrier in _carriers)
        {
            await carrier.DisposeAsync();
        }

        _stop.Dispose();
    }

    // What cannot be delivered stays in the journal and is said once.
    private async Task CarryAsync(Carrier carrier)
    {
        try
        {
            await carrier.RunAsync(_stop.Token);
        }
        catch (Exception e) when (e is StoreException or LogException or SinkException)
        {
            LogKept(_logger, carrier.Directory, e.Message);
        }
    }

    private async Task DrainAsync(string directory, DateTimeOffset closed)
    {
        Carrier? own = _carriers.Find(carrier => carrier.Directory == directory);
        using CancellationTokenSource limit = new(s_patience);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        try
        {
            while (own is not null && !own.IsDrained(closed) && !_carrying.IsCompleted)
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            LogLate(_logger, s_patience.TotalSeconds);
        }
    }

    private static Carrier Carry(string directory, OptionReader options, DataDirectory data, string host, Store store, ILoggerFactory loggers)
    {
        if (options.Find(CommonOptions.Log) is not null && Composition.LogAddressOf(options, data) is { Kind: LogKind.Kafka } kafka)
        {
            Forwarder forwarder = new(
                directory, kafka, new ForwarderOptions { Host = host, Topics = EventJournal.TopicNames }, loggers.CreateLogger<Forwarder>());
            return new Carrier(directory, forwarder.RunAsync, since => forwarder.IdleAt > since, []);
        }

        LocalLogConsumer consumer = LocalLog.OpenConsumer(
            directory, SinkParts.GroupOf(options), EventJournal.TopicNames, new LocalConsumerOptions { Lease = s_lease });
        ILogger<SinkWorker> logger = loggers.CreateLogger<SinkWorker>();
        DeadLetterTopic letters = SinkParts.DeadLettersOf(options, data, store);
        SinkWorker worker = new(
            consumer, SinkDelivery.For(store, TimeProvider.System, logger, KeeperParts.RotationOf(options), letters), s_sink, TimeProvider.System, logger);
        return new Carrier(
            directory, worker.RunAsync, since => worker.Status.IsDrained && worker.Status.At > since, [consumer, letters], worker);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal {Directory} cannot be used: {Reason}; what has to be recorded there is refused")]
    private static partial void LogUnavailable(ILogger logger, string directory, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is in the journal {Directory} stays there: {Reason}; `ecapture sink --log sqlite:{Directory}` delivers it")]
    private static partial void LogKept(ILogger logger, string directory, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last entries of the journal were not delivered within {Seconds} s; the next process on this data directory delivers them")]
    private static partial void LogLate(ILogger logger, double seconds);

    /// <param name="Directory">The journal.</param>
    /// <param name="RunAsync">Carries it.</param>
    /// <param name="IsDrained">True when everything that it held at a time has arrived.</param>
    /// <param name="Parts">What it is made of.</param>
    /// <param name="Worker">The sink, where it is one.</param>
    private sealed record Carrier(
        string Directory, Func<CancellationToken, Task> RunAsync, Func<DateTimeOffset, bool> IsDrained, IReadOnlyList<IAsyncDisposable> Parts, SinkWorker? Worker = null)
        : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Worker?.Dispose();
            foreach (IAsyncDisposable part in Parts)
            {
                await part.DisposeAsync();
            }
        }
    }
}
