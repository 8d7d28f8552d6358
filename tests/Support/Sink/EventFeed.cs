using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Support.Sink;

/// <summary>Random events of two agent runs, and what a store must hold when all of them went through a sink.</summary>
public sealed class EventFeed(int seed)
{
    private readonly RandomEvents _events = new(seed);
    private readonly Random _random = new(seed);
    private readonly Guid[] _runs = [Guid.CreateVersion7(), Guid.CreateVersion7()];
    private readonly Dictionary<(string, Guid), ulong> _next = [];

    /// <summary>Every event once.</summary>
    public List<StoredEvent> Expected { get; } = [];

    /// <summary>The next event of a topic.</summary>
    public LogEntry Next(string topic)
    {
        Guid run = _runs[_random.Next(_runs.Length)];
        ulong sequence = _next.GetValueOrDefault((topic, run));
        _next[(topic, run)] = sequence + 1;
        Event made = _events.Next(topic, run, sequence);
        byte[] encoded = made.ToByteArray();
        Expected.Add(new StoredEvent(topic, run, 0, (long)sequence, Convert.ToHexString(encoded)));
        return new LogEntry(new TopicPartition(topic, 0), ReadOnlyMemory<byte>.Empty, encoded);
    }

    /// <summary>Events of all topics.</summary>
    public IEnumerable<LogEntry> Next(int count) => Enumerable.Range(0, count).Select(_ => Next(Topics.All[_random.Next(Topics.All.Count)]));

    /// <summary>Appends events of all topics; some are in the log twice, as a forwarder that lost an acknowledgement leaves them.</summary>
    public void Fill(MemoryLog log, int count)
    {
        LogEntry? before = null;
        foreach (LogEntry entry in Next(count))
        {
            log.Append(entry.TopicPartition, entry.Value.ToArray(), skipOffsets: _random.Next(50) == 0 ? 3 : 0);
            if (before is { } twice && _random.Next(20) == 0)
            {
                log.Append(twice.TopicPartition, twice.Value.ToArray());
            }

            before = entry;
        }
    }
}
