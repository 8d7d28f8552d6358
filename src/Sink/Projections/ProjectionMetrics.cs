using System.Diagnostics.Metrics;

namespace ECapture.Sink.Projections;

/// <summary>What was made of plaintext.</summary>
public sealed class ProjectionMetrics : IDisposable
{
    private readonly Meter _meter = new(SinkMetrics.Name);
    private readonly Counter<long> _exchanges;
    private readonly Counter<long> _dropped;

    /// <summary>Creates the instruments.</summary>
    public ProjectionMetrics()
    {
        _exchanges = _meter.CreateCounter<long>("ecapture.sink.http.exchanges", "{event}", "HTTP exchanges and WebSocket messages put together from plaintext.");
        _dropped = _meter.CreateCounter<long>("ecapture.sink.http.dropped", "{event}", "Those beyond 4,096 that one event of plaintext completed.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Dropped(string topic) => _dropped.Add(1, new KeyValuePair<string, object?>("topic", topic));

    internal void Projected(string topic, long rows)
    {
        if (rows > 0)
        {
            _exchanges.Add(rows, new KeyValuePair<string, object?>("topic", topic));
        }
    }
}
