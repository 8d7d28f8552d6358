using System.Collections.Concurrent;
using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Streams;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Encodes the events of the capture thread into batches that a <see cref="BatchAppender"/> appends to the local log. Memory is bounded:
/// what does not fit is counted as lost; frames and plaintext stop at three quarters, so that a flood of them does not cost the rest.
/// All members are for the capture thread.
/// </summary>
internal sealed class EventPublisher : IEventPublisher, IAsyncDisposable
{
    private const int BatchSize = 1 << 20;
    private const int BatchCount = 8192;
    private const string QueueFull = "the local log is slower than capture";

    private readonly Dictionary<string, EventStream> _streams;
    private readonly ConcurrentBag<EventBatch> _free = [];
    private readonly FlowCache _flows = new();
    private readonly AgentClock _clock;
    private readonly LossAccount _losses;
    private readonly BatchAppender _appender;
    private readonly byte[] _agent;
    private readonly byte[] _sha256 = new byte[SHA256.HashSizeInBytes];
    private readonly int _payloadLimit;
    private readonly long _queueLimit;
    private EventBatch _batch = new(BatchSize);

    internal EventPublisher(
        AgentIdentity identity, CaptureOptions options, AgentClock clock, LossAccount losses, ILogWriter log, ILoggerFactory loggers)
        : this(identity, options, clock, losses, log, loggers, TimeSpan.FromSeconds(5))
    {
    }

    internal EventPublisher(
        AgentIdentity identity, CaptureOptions options, AgentClock clock, LossAccount losses, ILogWriter log, ILoggerFactory loggers,
        TimeSpan retryLimit)
    {
        const int Partition = 0;
        _agent = EventEncoder.EncodeAgent(identity.Tenant, identity.Host, identity.Boot);
        _streams = Topics.All.ToDictionary(topic => topic, topic => new EventStream(identity.Run, topic, Partition));
        _clock = clock;
        _losses = losses;
        _payloadLimit = options.PayloadLimit;
        _queueLimit = options.QueueLimit;
        _appender = new BatchAppender(log, _streams, losses, Release, retryLimit, loggers.CreateLogger("ECapture.Capture.Publisher"));
    }

    /// <inheritdoc/>
    public void Publish(string topic, in EventHeader header, Event payload)
    {
        EventStream stream = Stream(topic);
        EventEnvelope envelope = Envelope(header);
        CutMainBytes(payload, header.OriginalLength, ref envelope);
        int payloadSize = payload.CalculateSize();
        Span<byte> rest = Begin(stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            payload.WriteTo(rest[^payloadSize..]);
        }
    }

    /// <inheritdoc/>
    public void PublishTlsData(
        string topic, in EventHeader header, Direction direction, string library, ulong offset, ReadOnlySpan<byte> data)
    {
        EventStream stream = Stream(topic);
        EventEnvelope envelope = Envelope(header);
        data = data[..Cut(data, header.OriginalLength, ref envelope)];
        int payloadSize = EventEncoder.TlsDataSize(direction, library, offset, data.Length);
        Span<byte> rest = Begin(stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            EventEncoder.WriteTlsData(rest[^payloadSize..], direction, library, offset, data);
        }
    }

    /// <inheritdoc/>
    public void PublishPacket(
        in EventHeader header, Direction direction, string @interface, uint interfaceIndex, uint linkType, uint originalLength,
        ReadOnlySpan<byte> data)
    {
        EventStream stream = Stream(Topics.Packet);
        EventEnvelope envelope = Envelope(header);
        data = data[..Cut(data, originalLength, ref envelope)];
        int payloadSize = EventEncoder.PacketSize(@interface, interfaceIndex, direction, linkType, originalLength, data.Length);
        Span<byte> rest = Begin(stream, header, envelope, payloadSize);
        if (!rest.IsEmpty)
        {
            EventEncoder.WritePacket(rest[^payloadSize..], @interface, interfaceIndex, direction, linkType, originalLength, data);
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

    /// <summary>Says what each stream holds by now.</summary>
    internal void PublishCheckpoint()
    {
        Checkpoint checkpoint = new();
        foreach (EventStream stream in _streams.Values)
        {
            if (stream.Snapshot() is { } snapshot)
            {
                checkpoint.Streams.Add(snapshot);
            }
        }

        PublishAgent(new Event { Checkpoint = checkpoint });
    }

    /// <summary>True when events wait here for the appender to take them.</summary>
    internal bool IsWaiting => _batch.Count > 0;

    /// <summary>Hands the batch over when the appender has nothing else to do.</summary>
    internal void Pump()
    {
        if (_batch.Count > 0 && _appender.QueuedBytes == 0)
        {
            Seal();
        }
    }

    /// <summary>Waits until everything published so far is appended or refused.</summary>
    /// <returns>False when the time was over before.</returns>
    internal bool Drain(TimeSpan limit)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _batch.Done = done;
        Seal();
        return done.Task.Wait(limit);
    }

    /// <summary>Gives up what is still queued.</summary>
    public ValueTask DisposeAsync() => _appender.DisposeAsync();

    private EventStream Stream(string topic) =>
        _streams.TryGetValue(topic, out EventStream? stream)
            ? stream
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
            _batch = new EventBatch(room);
        }
    }

    // On the appender's thread.
    private void Release(EventBatch batch)
    {
        batch.Clear();
        if (batch.Capacity == BatchSize && _free.Count < _queueLimit / BatchSize)
        {
            _free.Add(batch);
        }
    }

    // Returns how many bytes are kept.
    private int Cut(ReadOnlySpan<byte> data, ulong originalLength, scoped ref EventEnvelope envelope)
    {
        if (originalLength > (ulong)data.Length)
        {
            envelope.IsCut = true;
            envelope.CutFrom = originalLength;
        }
        else if (data.Length > _payloadLimit)
        {
            envelope.IsCut = true;
            envelope.CutFrom = (ulong)data.Length;
            SHA256.HashData(data, _sha256);
            envelope.CutSha256 = _sha256;
        }

        return Math.Min(data.Length, _payloadLimit);
    }

    private void CutMainBytes(Event payload, ulong originalLength, ref EventEnvelope envelope)
    {
        switch (payload.PayloadCase)
        {
            case Event.PayloadOneofCase.ShellCommand:
                payload.ShellCommand.Text = Cut(payload.ShellCommand.Text, originalLength, ref envelope);
                break;
            case Event.PayloadOneofCase.SqlStatement:
                payload.SqlStatement.Statement = Cut(payload.SqlStatement.Statement, originalLength, ref envelope);
                break;
            default:
                envelope.IsCut = originalLength > 0;
                envelope.CutFrom = originalLength;
                break;
        }
    }

    private ByteString Cut(ByteString bytes, ulong originalLength, ref EventEnvelope envelope)
    {
        int kept = Cut(bytes.Span, originalLength, ref envelope);
        return kept == bytes.Length ? bytes : ByteString.CopyFrom(bytes.Span[..kept]);
    }
}
