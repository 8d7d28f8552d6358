using System.Diagnostics.Metrics;
using ECapture.Events;
using ECapture.Sink;

namespace ECapture.Tests.Unit.Sink;

public sealed class SinkMetricsTests
{
    [Fact]
    public void Measurements_OfTwoWorkersOnOneTopic_AreTold()
    {
        string mine = Guid.NewGuid().ToString(); // others measure meanwhile
        List<(string Instrument, long Value, string Work)> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == SinkMetrics.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "work" && tag.Value is string work && work.EndsWith(mine, StringComparison.Ordinal))
                {
                    lock (seen)
                    {
                        seen.Add((instrument.Name, value, work[..^mine.Length]));
                    }
                }
            }
        });
        listener.Start();
        using SinkMetrics events = new(() => new SinkStatus(default, [], 0, null), "events" + mine);
        using SinkMetrics http = new(() => new SinkStatus(default, [], 0, null), "http" + mine);

        events.Read(Topics.Tls, 5, 0, 0, 0);
        http.Read(Topics.Tls, 7, 0, 0, 0);
        events.Retried();

        Assert.Equal(
            [("ecapture.sink.events.read", 5, "events"), ("ecapture.sink.events.read", 7, "http"), ("ecapture.sink.retries", 1, "events")], seen);
    }
}
