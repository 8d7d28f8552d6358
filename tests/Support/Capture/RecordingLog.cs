using ECapture.Events.V1;
using ECapture.Log;

namespace ECapture.Tests.Support.Capture;

/// <summary>A log in memory: keeps every event, and wakes who waits for one.</summary>
public sealed class RecordingLog : ILogWriter
{
    private readonly Lock _lock = new();
    private readonly List<Event> _events = [];
    private readonly List<byte[]> _encoded = [];
    private TaskCompletionSource _more = NewSource();

    /// <summary>Set to make appends fail or wait; called before each with the batch.</summary>
    public Func<IReadOnlyList<LogEntry>, ValueTask>? BeforeAppend { get; set; }

    /// <summary>Batches appended.</summary>
    public int Batches { get; private set; }

    /// <summary>All events so far, in the order of the appends.</summary>
    public IReadOnlyList<Event> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>The same events as they were appended.</summary>
    public IReadOnlyList<byte[]> Encoded
    {
        get
        {
            lock (_lock)
            {
                return [.. _encoded];
            }
        }
    }

    public async ValueTask AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        if (BeforeAppend is { } before)
        {
            await before(entries);
        }

        TaskCompletionSource more;
        lock (_lock)
        {
            foreach (LogEntry entry in entries)
            {
                Event read = Event.Parser.ParseFrom(entry.Value.Span);
                Assert(read.Topic == entry.TopicPartition.Topic && read.Partition == entry.TopicPartition.Partition);
                _events.Add(read);
                _encoded.Add(entry.Value.ToArray());
            }

            Batches++;
            more = _more;
            _more = NewSource();
        }

        more.SetResult();
    }

    /// <summary>Waits until events so far satisfy a condition.</summary>
    /// <returns>The events.</returns>
    /// <exception cref="TimeoutException">It did not come true; says what there was.</exception>
    public async Task<IReadOnlyList<Event>> WaitUntilAsync(Func<IReadOnlyList<Event>, bool> condition, TimeSpan timeout, string what)
    {
        using CancellationTokenSource limit = new(timeout);
        while (true)
        {
            Task more;
            IReadOnlyList<Event> events;
            lock (_lock)
            {
                more = _more.Task;
                events = [.. _events];
            }

            if (condition(events))
            {
                return events;
            }

            try
            {
                await more.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{what} did not come within {timeout.TotalSeconds} s; the log holds {Summary(events)}");
            }
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Summary(IReadOnlyList<Event> events)
    {
        string counts = string.Join(", ", events.CountBy(e => e.PayloadCase).Select(c => $"{c.Value} {c.Key}"));
        string last = string.Join("\n  ", events.Where(e => e.PayloadCase != Event.PayloadOneofCase.Packet).TakeLast(20));
        return $"{(counts.Length == 0 ? "nothing" : counts)}; the last without packets:\n  {last}";
    }

    private static void Assert(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("an event says another stream than it is appended to");
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
