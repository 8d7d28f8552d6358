using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Tests.Support.Kafka;

namespace ECapture.Tests.Integration.Log;

/// <summary>The contract over the modern protocol, as librdkafka's own cluster speaks it, and what only that protocol has.</summary>
public sealed class ModernKafkaLogTests : LogContract, IDisposable
{
    private readonly MockKafka _kafka = new();

    public void Dispose() => _kafka.Dispose();

    [Fact]
    public async Task LogId_GivenInTheAddress_IsThat()
    {
        await using KafkaLogWriter writer = KafkaLog.OpenWriter(LogAddress.Parse(_kafka.Address));
        Assert.Equal("mock", await writer.GetLogIdAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Append_BrokerFailsRequests_OnceEachAndInOrder()
    {
        await PrepareAsync(Topic);
        await using ILogWriter writer = await OpenWriterAsync();
        await AppendAsync(writer, P0, 0, 1); // the producer has its id
        const int RequestTimedOut = 7, NotEnoughReplicasAfterAppend = 20;
        _kafka.FailProduce(RequestTimedOut, NotEnoughReplicasAfterAppend, RequestTimedOut);
        for (int i = 1; i < 1000; i += 100)
        {
            await AppendAsync(writer, P0, i, 100);
        }

        await using LogReader reader = new(await OpenConsumerAsync("g", Topic));
        await reader.UntilAsync(() => reader.Values.Contains("1000"), "reading to the end");
        Assert.Equal(Enumerable.Range(0, 1001).Select(i => $"{i}"), ValuesOf(reader, P0));
    }

    protected override Task<ILogWriter> OpenWriterAsync() =>
        Task.FromResult<ILogWriter>(KafkaLog.OpenWriter(LogAddress.Parse(_kafka.Address)));

    protected override async Task<ILogConsumer> OpenConsumerAsync(string group, params string[] topics) =>
        await KafkaLog.OpenConsumerAsync(LogAddress.Parse(_kafka.Address), group, topics, TestContext.Current.CancellationToken);

    protected override async Task<ILogReader> OpenReaderAsync() =>
        await LogReaders.OpenAsync(LogAddress.Parse(_kafka.Address), TestContext.Current.CancellationToken);

    protected override Task PrepareAsync(string topic)
    {
        _kafka.CreateTopic(Topics.KafkaName(topic), 2);
        return Task.CompletedTask;
    }
}
