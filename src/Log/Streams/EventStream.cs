using System.Security.Cryptography;
using ECapture.Events;

namespace ECapture.Log.Streams;

/// <summary>
/// A stream of a run: what was appended of one topic. Sequences are lent to a batch and become the stream's when the log took it.
/// </summary>
public sealed class EventStream
{
    private readonly Lock _lock = new();
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];
    private ulong _next;
    private ulong _lent;
    private long _reportedEvents;
    private long _bytes;
    private long _reportedBytes;

    /// <summary>A stream that holds nothing yet.</summary>
    public EventStream(Guid run, string topic, int partition)
    {
        Target = new TopicPartition(topic, partition);
        Prefix = EventEncoder.EncodeStream(run, topic, partition);
        QueueName = "queue:" + topic;
    }

    /// <summary>Where it is appended.</summary>
    public TopicPartition Target { get; }

    /// <summary>What each of its events begins with.</summary>
    public byte[] Prefix { get; }

    /// <summary>Name of its share of the queue in losses.</summary>
    public string QueueName { get; }

    /// <summary>Events appended since the start.</summary>
    public long Appended
    {
        get
        {
            lock (_lock)
            {
                return (long)_next;
            }
        }
    }

    /// <summary>Starts a batch: nothing is lent.</summary>
    public void TakeBack() => _lent = 0;

    /// <summary>Lends the next sequence.</summary>
    public ulong Lend() => _next + _lent++;

    /// <summary>An event with the next lent sequence was appended.</summary>
    /// <param name="digestAndEvent">32 bytes of room, then the event.</param>
    public void Append(Span<byte> digestAndEvent)
    {
        lock (_lock)
        {
            _digest.CopyTo(digestAndEvent);
            DirectSha256.Hash(digestAndEvent, _digest);
            _next++;
            _lent--;
            _bytes += digestAndEvent.Length - _digest.Length;
        }
    }

    /// <summary>What was appended since the last call.</summary>
    public (long Events, long Bytes) TakeReport()
    {
        lock (_lock)
        {
            (long, long) report = ((long)_next - _reportedEvents, _bytes - _reportedBytes);
            _reportedEvents = (long)_next;
            _reportedBytes = _bytes;
            return report;
        }
    }

    /// <summary>What the stream holds, for a checkpoint; null when nothing.</summary>
    public Events.V1.Checkpoint.Types.Stream? Snapshot()
    {
        lock (_lock)
        {
            return _next == 0 ? null : new Events.V1.Checkpoint.Types.Stream
            {
                Topic = Target.Topic,
                Partition = (uint)Target.Partition,
                LastSequence = _next - 1,
                Count = _next,
                Sha256 = Google.Protobuf.ByteString.CopyFrom(_digest),
            };
        }
    }
}
