using ECapture.Log;
using ECapture.Log.Kafka;

namespace ECapture.Tests.Integration.Log;

/// <summary>The contract over a real broker.</summary>
public sealed class KafkaLogContractTests(KafkaBrokerFixture broker) : LogContract, IClassFixture<KafkaBrokerFixture>
{
    // Groups are of a test, not of the broker that all tests share.
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    protected override Task<ILogWriter> OpenWriterAsync() => Task.FromResult<ILogWriter>(KafkaLog.OpenWriter(broker.Address));

    protected override async Task<ILogConsumer> OpenConsumerAsync(string group, params string[] topics) =>
        await KafkaLog.OpenConsumerAsync(broker.Address, group + _run, topics, TestContext.Current.CancellationToken);

    protected override async Task<ILogReader> OpenReaderAsync() => await LogReaders.OpenAsync(broker.Address, TestContext.Current.CancellationToken);

    protected override async Task PrepareAsync(string topic)
    {
        await using KafkaLogWriter writer = KafkaLog.OpenWriter(broker.Address);
        Assert.Equal(2, await writer.GetPartitionsAsync(topic, TestContext.Current.CancellationToken));
    }
}
