using ECapture.Log.Kafka;

namespace ECapture.Tests.Unit.Log;

public sealed class KafkaWaitTests
{
    [Theory]
    [InlineData(1, 1)] // microseconds: librdkafka waits whole milliseconds, and none of them is a spin
    [InlineData(999, 1)]
    [InlineData(1_000, 1)]
    [InlineData(4_001, 5)]
    [InlineData(250_000, 100)]
    public void Slice_AnyTimeLeft_IsWholeMillisecondsThatLetACancellationThrough(long microseconds, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), KafkaLogConsumer.Slice(TimeSpan.FromMicroseconds(microseconds)));
}
