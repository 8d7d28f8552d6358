using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log.Local;
using ECapture.Log.Streams;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Log.Journal;

/// <summary>
/// A journal in a local log of its own: with a run id, sequences, checkpoints, and a first and a last event as an agent's run has them.
/// The run begins with the first entry, so a service that does nothing writes nothing.
/// </summary>
public sealed partial class EventJournal : IJournal, IAsyncDisposable
{
    /// <summary>The topics of a journal.</summary>
    public static IReadOnlyList<string> TopicNames { get; } = [Topics.Agent, Topics.Access, Topics.Control];

    private const int Partition = 0;
    private static readonly TimeSpan s_checkpointInterval = TimeSpan.FromSeconds(10);

    private readonly LocalLogWriter _log;
    private readonly AgentIdentity _identity;
    private readonly string _service;
    private readonly AgentClock _clock;
    private readonly ILogger _logger;
    private readonly byte[] _agent;
    private readonly Dictionary<string, EventStream> _streams;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _checkpoints;
    private bool _isStarted;
    private bool _isChanged;
    private bool _isDisposed;

    private EventJournal(
        string directory, LocalLogWriter log, AgentIdentity identity, string service, AgentClock clock, TimeSpan checkpointInterval, ILogger logger)
    {
        Directory = directory;
        _log = log;
        _identity = identity;
        _service = service;
        _clock = clock;
        _logger = logger;
        _agent = EventEncoder.EncodeAgent(identity.Tenant, identity.Host, identity.Boot);
        _streams = TopicNames.ToDictionary(topic => topic, topic => new EventStream(identity.Run, topic, Partition));
        _checkpoints = CheckpointAsync(checkpointInterval);
    }

    /// <summary>The run's id.</summary>
    public Guid Run => _identity.Run;

    /// <summary>Where the journal is.</summary>
    public string Directory { get; }

    /// <summary>True when this run has said something.</summary>
    public bool HasEntries => _isStarted;

    /// <summary>Opens a journal and makes it where there is none. One process at a time.</summary>
    /// <param name="directory">The journal's own directory.</param>
    /// <param name="identity">A new run.</param>
    /// <param name="service">Which service writes: "service", "sink", "query", "command".</param>
    /// <param name="logger">Says when a checkpoint could not be written.</param>
    /// <param name="options">Size of the log; null: 64 MiB.</param>
    /// <param name="clock">Null: the kernel's.</param>
    /// <param name="checkpointInterval">Null: 10 s. Without a new entry there is no checkpoint.</param>
    /// <exception cref="LogException">Another process writes there, this user may not, or a file is damaged.</exception>
    public static EventJournal Open(
        string directory, AgentIdentity identity, string service, ILogger logger, LocalLogOptions? options = null, AgentClock? clock = null,
        TimeSpan? checkpointInterval = null)
    {
        ArgumentNullException.ThrowIfNull(identity);
        options ??= new LocalLogOptions { MaxBytes = 64 << 20, SegmentBytes = 4 << 20 };
        LocalLogWriter log = LocalLog.OpenWriter(directory, options with { FlushesEachAppend = true });
        return new EventJournal(directory, log, identity, service, clock ?? new AgentClock(), checkpointInterval ?? s_checkpointInterval, logger);
    }

    /// <inheritdoc/>
    public Task AppendAsync(Control control, CancellationToken cancellationToken) =>
        AppendAsync(Topics.Control, new Event { Control = control }, cancellationToken);

    /// <inheritdoc/>
    public Task AppendAsync(Access access, CancellationToken cancellationToken) =>
        AppendAsync(Topics.Access, new Event { Access = access }, cancellationToken);

    /// <summary>Ends the run: the last events say so.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _checkpoints.ConfigureAwait(false);
        if (_isStarted)
        {
            try
            {
                await AppendBatchAsync([(Topics.Agent, State(AgentState.Types.State.Stopped, _service, "journal"))], CancellationToken.None).ConfigureAwait(false);
                await AppendBatchAsync([(Topics.Agent, Checkpoint())], CancellationToken.None).ConfigureAwait(false);
            }
            catch (LogException e)
            {
                LogNotWritten(e.Message); // the run then counts as ended uncleanly, which is true
            }
        }

        await _log.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
        _stop.Dispose();
    }

    private async Task AppendAsync(string topic, Event entry, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            List<(string, Event)> batch = [];
            if (!_isStarted)
            {
                batch.Add((Topics.Agent, State(AgentState.Types.State.Started, _service, "journal")));
            }

            if (_clock.Measure() is not 0 and long step)
            {
                batch.Add((Topics.Agent, State(AgentState.Types.State.ClockStep, "", FormattableString.Invariant($"{step / 1e9:+0.000;-0.000} s"))));
            }

            batch.Add((topic, entry));
            await AppendBatchAsync(batch, cancellationToken).ConfigureAwait(false);
            _isStarted = true;
            _isChanged = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task CheckpointAsync(TimeSpan interval)
    {
        using PeriodicTimer timer = new(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                await _gate.WaitAsync(_stop.Token).ConfigureAwait(false);
                try
                {
                    if (_isChanged)
                    {
                        await AppendBatchAsync([(Topics.Agent, Checkpoint())], _stop.Token).ConfigureAwait(false);
                        _isChanged = false;
                    }
                }
                catch (LogException e)
                {
                    LogNotWritten(e.Message);
                }
                finally
                {
                    _gate.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The journal is closed.
        }
    }

    // All or nothing; sequences that were lent to what was refused are lent again.
    private async Task AppendBatchAsync(List<(string Topic, Event Payload)> batch, CancellationToken cancellationToken)
    {
        foreach (EventStream stream in _streams.Values)
        {
            stream.TakeBack();
        }

        List<LogEntry> entries = [];
        List<(EventStream Stream, Memory<byte> DigestAndEvent)> appended = [];
        foreach ((string topic, Event payload) in batch)
        {
            EventStream stream = _streams[topic];
            Memory<byte> encoded = Encode(stream, payload);
            entries.Add(new LogEntry(stream.Target, ReadOnlyMemory<byte>.Empty, encoded[SHA256.HashSizeInBytes..]));
            appended.Add((stream, encoded));
        }

        await _log.AppendAsync(entries, cancellationToken).ConfigureAwait(false);
        foreach ((EventStream stream, Memory<byte> digestAndEvent) in appended)
        {
            stream.Append(digestAndEvent.Span);
        }
    }

    private Memory<byte> Encode(EventStream stream, Event payload)
    {
        ulong now = _clock.BootNs;
        EventEnvelope envelope = new() { BootNs = now, WallNs = _clock.ToWall(now) };
        int envelopeSize = EventEncoder.EnvelopeSize(envelope);
        int restSize = _agent.Length + envelopeSize + payload.CalculateSize();
        int roomSize = SHA256.HashSizeInBytes + stream.Prefix.Length + EventEncoder.SequenceRoom;
        byte[] bytes = new byte[roomSize + restSize];
        Span<byte> rest = bytes.AsSpan(roomSize);
        _agent.CopyTo(rest);
        EventEncoder.WriteEnvelope(rest[_agent.Length..], envelope);
        payload.WriteTo(rest[(_agent.Length + envelopeSize)..]);
        int head = EventEncoder.WriteSequence(bytes.AsSpan(0, roomSize), stream.Prefix, stream.Lend());
        return bytes.AsMemory(roomSize - head - SHA256.HashSizeInBytes);
    }

    private Event State(AgentState.Types.State state, string module, string detail) => new()
    {
        AgentState = new AgentState { State = state, Module = module, Detail = detail, Version = _identity.Version, Kernel = _identity.Kernel },
    };

    private Event Checkpoint()
    {
        Checkpoint checkpoint = new();
        checkpoint.Streams.Add(_streams.Values.Select(stream => stream.Snapshot()).OfType<Checkpoint.Types.Stream>());
        return new Event { Checkpoint = checkpoint };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal could not be brought up to date: {Reason}")]
    private partial void LogNotWritten(string reason);
}
