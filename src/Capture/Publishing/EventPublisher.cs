using System.Collections.Concurrent;
using System.Security.Cryptography;
using ECapture.Capture.Filters;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Streams;
using ECapture.Policies;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Encodes the events of the capture thread into batches that a <see cref="BatchAppender"/> appends to the local log. Memory is bounded:
/// what does not fit is counted as lost; frames and plaintext stop at three quarters, so that a flood of them does not cost the rest.
/// All members are for the capture thread.
/// </summary>
internal sealed partial class EventPublisher : IEventPublisher, IAsyncDisposable
{
    private const int BatchSize = 1 << 20;
    private const int BatchCount = 8192;
    private const int MostFree = 8; // batches that are kept: after a burst the others go

    // A transaction of the log costs as much as a hundred events.
    private const ulong GatherNs = 10_000_000;
    private const string QueueFull = "the local log is slower than capture";

    private readonly Dictionary<string, PublishedTopic> _topics;
    private readonly TlsRedaction[] _held;
    private readonly ConcurrentBag<EventBatch> _free = [];
    private readonly FlowCache _flows = new();
    private readonly AgentClock _clock;
    private readonly LossAccount _losses;
    private readonly BatchAppender _appender;
    private readonly byte[] _agent;
    private readonly PayloadCut _cut;
    private readonly PayloadRedaction _redaction = new();
    private readonly long _queueLimit;
    private readonly SecretSealing _sealing;
    private readonly EventGate? _gate;
    private EventBatch _batch = new(BatchSize);
    private ulong _waitingSince;

    internal EventPublisher(
        AgentIdentity identity, CaptureOptions options, AgentClock clock, LossAccount losses, ILogWriter log, ILoggerFactory loggers, EventGate? gate = null)
        : this(identity, options, clock, losses, log, loggers, TimeSpan.FromSeconds(5), gate)
    {
    }

    internal EventPublisher(
        AgentIdentity identity, CaptureOptions options, AgentClock clock, LossAccount losses, ILogWriter log, ILoggerFactory loggers,
        TimeSpan retryLimit, EventGate? gate = null)
    {
        const int Partition = 0;
        _gate = gate;
        _sealing = new SecretSealing(identity, options, TimeProvider.System, loggers.CreateLogger("ECapture.Capture.Sealing"));
        _agent = EventEncoder.EncodeAgent(identity.Tenant, identity.Host, identity.Boot);
        Policy = options.Policy ?? Policy.BuiltIn(options.PayloadLimit);
        _topics = Topics.All.ToDictionary(t => t, t => new PublishedTopic(new EventStream(identity.Run, t, Partition), Policy.For(t)));
        _held = [.. _topics.Values.Where(t => t.Redactor is not null).Select(Hold)];
        _cut = new PayloadCut(options.TruncationKey ?? RandomNumberGenerator.GetBytes(32));
        _clock = clock;
        _losses = losses;
        _queueLimit = options.QueueLimit;
        _appender = new BatchAppender(
            log, _topics.ToDictionary(t => t.Key, t => t.Value.Stream), losses, Release, retryLimit, loggers.CreateLogger("ECapture.Capture.Publisher"));
    }

    /// <inheritdoc/>
    public void Publish(string topic, in EventHeader header, Event payload)
    {
        if (_gate is null || Released(_gate.Admits(topic, header, payload)))
        {
            Append(topic, header, payload);
        }
    }

    private void Append(string topic, in EventHeader header, Event payload)
    {
        Offered++;
        PublishedTopic published = Topic(topic);
        if (payload.TlsSecret is { } secret)
        {
            _sealing.Seal(secret);
        }

        EventEnvelope envelope = Envelope(header);
        Prepare(published, payload, header.OriginalLength, ref envelope);
        int payloadSize = payload.CalculateSize();
        Span<byte> rest = Begin(published.Stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            payload.WriteTo(rest[^payloadSize..]);
        }
    }

    /// <inheritdoc/>
    public void PublishTlsData(
        string topic, in EventHeader header, Direction direction, string library, ulong offset, ReadOnlySpan<byte> data)
    {
        if (_gate is not null && !Released(_gate.AdmitsPlaintext(topic, header)))
        {
            return;
        }

        Offered++;
        PublishedTopic published = Topic(topic);
        HeldPiece piece = new(header, direction, library, offset, data.Length);
        if (published.Held is { } held)
        {
            held.Publish(piece, data, _clock.BootNs);
        }
        else
        {
            AppendTlsData(published, piece, data, 0);
        }
    }

    /// <inheritdoc/>
    public void PublishPacket(
        in EventHeader header, Direction direction, string @interface, uint interfaceIndex, uint linkType, uint originalLength,
        ReadOnlySpan<byte> data)
    {
        FrameFacts facts = new(direction, @interface, interfaceIndex, linkType, originalLength);
        if (_gate is null || Released(_gate.AdmitsFrame(header, facts, data)))
        {
            AppendFrame(header, facts, data);
        }
    }

    private void AppendFrame(in EventHeader header, in FrameFacts facts, ReadOnlySpan<byte> data)
    {
        (Direction direction, string @interface, uint interfaceIndex, uint linkType, uint originalLength) = facts;
        Offered++;
        PublishedTopic published = Topic(Topics.Packet);
        EventEnvelope envelope = Envelope(header);
        data = data[.._cut.Of(data, originalLength, published.Keep, isRedacted: false, ref envelope)];
        int payloadSize = EventEncoder.PacketSize(@interface, interfaceIndex, direction, linkType, originalLength, data.Length);
        Span<byte> rest = Begin(published.Stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            EventEncoder.WritePacket(rest[^payloadSize..], @interface, interfaceIndex, direction, linkType, originalLength, data);
        }
    }

    /// <summary>Events of a topic that are in the log; 0 where there is no such topic.</summary>
    internal long Appended(string topic) => _topics.TryGetValue(topic, out PublishedTopic? published) ? published.Stream.Appended : 0;

    /// <summary>Events that were handed over since the start, whether they were kept or not.</summary>
    internal long Offered { get; private set; }

    /// <summary>The policy in force.</summary>
    internal Policy Policy { get; }

    /// <summary>Publishes plaintext that waited long enough for what follows it.</summary>
    internal void ReleaseHeld(ulong now)
    {
        _gate?.Tick(now);
        foreach (TlsRedaction held in _held)
        {
            held.ReleaseOld(now);
        }
    }

    /// <summary>Publishes something that the agent says of itself, now.</summary>
    internal void PublishAgent(Event payload) => Publish(Topics.Agent, new EventHeader { BootNs = _clock.BootNs }, payload);

    /// <summary>Declares what was lost. If the log refuses this too, it is counted again.</summary>
    internal void PublishLosses()
    {
        foreach (LossEntry loss in _losses.Take())
        {
            PublishAgent(new Event
            {
                Loss = new Loss
                {
                    Where = loss.Where,
                    Why = loss.Why,
                    Records = loss.Records,
                    FromNs = loss.FromNs,
                    ToNs = loss.ToNs,
                    Cpu = loss.Cpu,
                },
            });
            _batch.Declared.Add(loss);
        }
    }

    /// <summary>Says what each stream holds by now, and what became of what the probes were hit for.</summary>
    internal void PublishCheckpoint(IEnumerable<Checkpoint.Types.Probes> probes)
    {
        Checkpoint checkpoint = new();
        foreach (PublishedTopic topic in _topics.Values)
        {
            if (topic.Stream.Snapshot() is { } snapshot)
            {
                checkpoint.Streams.Add(snapshot);
            }
        }

        checkpoint.Probes.AddRange(probes);
        PublishAgent(new Event { Checkpoint = checkpoint });
    }

    /// <summary>True when events wait here for the appender to take them.</summary>
    internal bool IsWaiting => _batch.Count > 0;

    /// <summary>Hands the batch over when its first event has waited for <see cref="GatherNs"/> and the appender has nothing else to do.</summary>
    /// <param name="now">CLOCK_BOOTTIME, nanoseconds.</param>
    internal void Pump(ulong now)
    {
        if (_batch.Count == 0)
        {
            _waitingSince = now;
        }
        else if (now - _waitingSince >= GatherNs && _appender.QueuedBytes == 0)
        {
            Seal();
            _waitingSince = now;
        }
    }

    /// <summary>Waits until everything published so far is appended or refused.</summary>
    /// <returns>False when the time was over before.</returns>
    internal bool Drain(TimeSpan limit)
    {
        foreach (TlsRedaction held in _held)
        {
            held.ReleaseAll();
        }

        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _batch.Done = done;
        Seal();
        return done.Task.Wait(limit);
    }

    /// <summary>Gives up what is still queued.</summary>
    public async ValueTask DisposeAsync()
    {
        _sealing.Dispose();
        await _appender.DisposeAsync().ConfigureAwait(false);
        _batch.Dispose();
        while (_free.TryTake(out EventBatch? free))
        {
            free.Dispose();
        }
    }

    // What waited for its process comes before what told whose it is.
    private bool Released(bool admits)
    {
        while (_gate!.TryTakeReleased(out HeldEvent held))
        {
            if (held.Payload is { } payload)
            {
                Append(held.Topic, held.Header, payload);
            }
            else
            {
                AppendFrame(held.Header, held.Facts, held.Frame.AsSpan(0, held.Length));
            }

            held.Free();
        }

        return admits;
    }

    private PublishedTopic Topic(string topic) =>
        _topics.TryGetValue(topic, out PublishedTopic? published)
            ? published
            : throw new ArgumentException($"there is no topic {topic}", nameof(topic));

    private EventEnvelope Envelope(in EventHeader header)
    {
        ReadOnlySpan<byte> name = header.Comm;
        int end = name.IndexOf((byte)0);
        return new EventEnvelope
        {
            BootNs = header.BootNs,
            WallNs = _clock.ToWall(header.BootNs),
            Pid = header.Pid,
            Tid = header.Tid,
            Uid = header.Uid,
            ProcessStart = header.ProcessStart,
            ProcessName = name[..(end < 0 ? name.Length : end)],
            Connection = header.Connection,
            Flow = _flows.Get(header.Socket),
        };
    }

    private Span<byte> Begin(EventStream stream, in EventHeader header, in EventEnvelope envelope, int payloadSize)
    {
        int envelopeSize = EventEncoder.EnvelopeSize(envelope);
        int restSize = _agent.Length + envelopeSize + payloadSize;
        int size = EventBatch.SizeOf(stream, restSize);
        if (!MakeRoom(stream, size))
        {
            return [];
        }

        ulong key = header.Connection != 0 ? header.Connection : header.Pid;
        Span<byte> rest = _batch.Add(stream, key, restSize);
        _agent.CopyTo(rest);
        EventEncoder.WriteEnvelope(rest[_agent.Length..], envelope);
        return rest;
    }

    private bool MakeRoom(EventStream stream, int size)
    {
        string topic = stream.Target.Topic;
        long limit = topic switch
        {
            Topics.Agent => long.MaxValue,
            Topics.Packet or Topics.Tls or Topics.GnuTls or Topics.GoTls or Topics.Nss => _queueLimit / 4 * 3,
            _ => _queueLimit,
        };
        if (_appender.QueuedBytes + _batch.Length + size > limit)
        {
            _losses.Count(stream.QueueName, QueueFull);
            return false;
        }

        if (_batch.Length + size > _batch.Capacity || _batch.Count >= BatchCount)
        {
            Seal(size);
        }

        return true;
    }

    private void Seal(int room = 0)
    {
        if (_batch.Count > 0 || _batch.Done is not null)
        {
            _appender.Enqueue(_batch);
            _batch = room <= BatchSize && _free.TryTake(out EventBatch? free) ? free : new EventBatch(Math.Max(BatchSize, room));
        }
        else if (room > _batch.Capacity)
        {
            _batch.Dispose();
            _batch = new EventBatch(room);
        }
    }

    // On the appender's thread.
    private void Release(EventBatch batch)
    {
        batch.Clear();
        if (batch.Capacity == BatchSize && _free.Count < MostFree)
        {
            _free.Add(batch);
        }
        else
        {
            batch.Dispose();
        }
    }
}
