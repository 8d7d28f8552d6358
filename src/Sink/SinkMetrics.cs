using System.Diagnostics;
using System.Diagnostics.Metrics;
using ECapture.Log;

namespace ECapture.Sink;

/// <summary>The sink's meter and activity source, both named <c>ECapture.Sink</c>.</summary>
public sealed class SinkMetrics : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "ECapture.Sink";

    private readonly Meter _meter = new(Name);
    private readonly KeyValuePair<string, object?> _work;
    private readonly Counter<long> _read;
    private readonly Counter<long> _written;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _missing;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _superseded;
    private readonly Histogram<long> _batchRows;
    private readonly Histogram<double> _writeDuration;
    private readonly Histogram<double> _latency;

    /// <summary>Creates the instruments.</summary>
    /// <param name="status">Gives the state that the lag is observed from.</param>
    /// <param name="work">Which of the workers of a process it is, <see cref="SinkOptions.Work"/>.</param>
    public SinkMetrics(Func<SinkStatus> status, string work)
    {
        _work = new KeyValuePair<string, object?>("work", work);
        ArgumentNullException.ThrowIfNull(status);
        _read = _meter.CreateCounter<long>("ecapture.sink.events.read", "{event}", "Records taken from the log.");
        _written = _meter.CreateCounter<long>("ecapture.sink.events.written", "{event}", "Events stored.");
        _duplicates = _meter.CreateCounter<long>("ecapture.sink.events.duplicate", "{event}", "Events dropped because they were stored before.");
        _deadLetters = _meter.CreateCounter<long>("ecapture.sink.events.dead_letter", "{event}", "Records that are no events, kept in dead_letter.");
        _missing = _meter.CreateCounter<long>("ecapture.sink.events.missing", "{event}", "Sequences that never came: events lost before the log.");
        _expired = _meter.CreateCounter<long>("ecapture.sink.offsets.expired", "{offset}", "Offsets that the log dropped before they were read.");
        _retries = _meter.CreateCounter<long>("ecapture.sink.retries", "{retry}", "Calls of the store or the log that were made again.");
        _superseded = _meter.CreateCounter<long>("ecapture.sink.batches.superseded", "{batch}", "Batches that another sink had settled.");
        _batchRows = _meter.CreateHistogram<long>("ecapture.sink.batch.rows", "{event}", "Events of a batch.");
        _writeDuration = _meter.CreateHistogram<double>("ecapture.sink.write.duration", "s", "Time to store a batch, retries included.");
        _latency = _meter.CreateHistogram<double>("ecapture.sink.latency", "s", "From the oldest event of a batch to its being stored.");
        _meter.CreateObservableGauge(
            "ecapture.sink.lag",
            () => status().Partitions.Select(p => new Measurement<long>(p.Lag, Tags(p.Partition))),
            "{offset}",
            "Offsets between what is stored and the end of the log.");
        _meter.CreateObservableGauge("ecapture.sink.buffered", () => new Measurement<long>(status().Buffered, _work), "By", "Memory of the batches that fill or are being written.");
    }

    internal static ActivitySource Activities { get; } = new(Name);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Read(string topic, long records, long duplicates, long deadLetters, ulong missing)
    {
        KeyValuePair<string, object?> tag = new("topic", topic);
        _read.Add(records, tag, _work);
        AddIfAny(_duplicates, duplicates, tag);
        AddIfAny(_deadLetters, deadLetters, tag);
        AddIfAny(_missing, (long)Math.Min(missing, long.MaxValue), tag);
    }

    internal void Written(string topic, int rows, bool isReplay, TimeSpan duration, TimeSpan latency)
    {
        KeyValuePair<string, object?> tag = new("topic", topic);
        _written.Add(rows, tag, _work, new KeyValuePair<string, object?>("replay", isReplay)); // run again: most were stored before
        _batchRows.Record(rows, tag, _work);
        _writeDuration.Record(duration.TotalSeconds, tag, _work);
        if (rows > 0 && !isReplay)
        {
            _latency.Record(latency.TotalSeconds, tag, _work);
        }
    }

    internal void Expired(string topic, long offsets) => _expired.Add(offsets, new KeyValuePair<string, object?>("topic", topic), _work);

    internal void Superseded(string topic) => _superseded.Add(1, new KeyValuePair<string, object?>("topic", topic), _work);

    internal void Retried() => _retries.Add(1, _work);

    private void AddIfAny(Counter<long> counter, long value, KeyValuePair<string, object?> tag)
    {
        if (value > 0)
        {
            counter.Add(value, tag, _work);
        }
    }

    private KeyValuePair<string, object?>[] Tags(TopicPartition partition) => [new("topic", partition.Topic), new("partition", partition.Partition), _work];
}
