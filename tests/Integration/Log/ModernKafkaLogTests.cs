using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Forwarding;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Tests.Support.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

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

    [Fact]
    public async Task Forward_WithoutIdempotenceAndABatchIsRefused_NothingOvertakesIt()
    {
        const int Batches = 8; // each a delivery and a request of its own

        Assert.Equal(Enumerable.Range(0, Batches), await ForwardedAsync("", [.. Enumerable.Range(0, Batches).Select(i => new[] { Numbered(i, 600_000) })]));
    }

    // Once one delivery was several requests: the second was refused, the third arrived, and the second came behind it.
    [Fact]
    public async Task Forward_WithoutIdempotenceAndPartOfADeliveryIsRefused_NothingOvertakesIt()
    {
        const int Records = 6000;
        byte[][] values = [.. Enumerable.Range(0, Records).Select(i => Numbered(i, 300))];

        Assert.Equal(Enumerable.Range(0, Records), await ForwardedAsync("&batch.size=20000&batch.num.messages=50&linger.ms=0", values));
    }

    // In which order numbered records arrive whose second request is refused.
    private async Task<List<int>> ForwardedAsync(string options, params byte[][][] appends)
    {
        const int MessageSizeTooLarge = 10;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        string directory = Directory.CreateTempSubdirectory("ecapture-log-").FullName;
        try
        {
            _kafka.CreateTopic(Topics.KafkaName(Topics.Tls), 1);
            await using LocalLogWriter writer = LocalLog.OpenWriter(directory, new LocalLogOptions());
            foreach (byte[][] values in appends)
            {
                await writer.AppendAsync([.. values.Select(value => new LogEntry(new TopicPartition(Topics.Tls, 0), default, value))], cancel);
            }

            LogAddress address = LogAddress.Parse(_kafka.Address + "&enable.idempotence=false" + options);
            _kafka.FailProduce(0, MessageSizeTooLarge);
            Forwarder forwarder = new(directory, address, new ForwarderOptions { Host = "h", Topics = [Topics.Tls] }, NullLogger<Forwarder>.Instance);
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task forwarding = forwarder.RunAsync(stop.Token);
            await using LogReader reader = new(await KafkaLog.OpenConsumerAsync(address, "order", [Topics.Tls], cancel));
            await reader.UntilAsync(() => Numbers().Count == appends.Sum(values => values.Length), "reading everything");
            await stop.CancelAsync();
            await forwarding;
            return Numbers();

            List<int> Numbers() => [.. reader.Records.Select(record => BinaryPrimitives.ReadInt32BigEndian(record.Value)).Distinct()];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static byte[] Numbered(int number, int bytes)
    {
        byte[] value = new byte[bytes];
        BinaryPrimitives.WriteInt32BigEndian(value, number);
        return value;
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
