using System.Globalization;
using System.Text.Json;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Benchmarks.Sink;

/// <summary>
/// One measurement in a process of its own, so that its processor time, memory and allocations are those of nothing else:
/// <c>sink LOG STORE</c>, <c>ceiling STORE</c> or <c>consume LOG</c>, then the topic, whether its text index stays, events, the engine's and the broker's process, rows of a batch.
/// </summary>
internal static class SinkBenchProcess
{
    public const string Name = "sink-process";

    public static async Task<int> RunAsync(string[] arguments)
    {
        string kind = arguments[0];
        string[] addresses = arguments[1..^6];
        string topic = arguments[^6];
        bool hasTextIndex = bool.Parse(arguments[^5]);
        int[] numbers = [.. arguments[^4..].Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        long events = numbers[0];
        Meter meter = new(WarmUp(events), events, numbers[1], numbers[2]);
        Measured measured = kind switch
        {
            "sink" => await SinkAsync(addresses[0], addresses[1], topic, hasTextIndex, numbers[3], meter),
            "ceiling" => await CeilingAsync(addresses[0], topic, hasTextIndex, events, meter),
            "consume" => await ConsumeAsync(addresses[0], topic, events, meter),
            _ => throw new ArgumentException(kind, nameof(arguments)),
        };
        Console.WriteLine(JsonSerializer.Serialize(measured));
        return 0;
    }

    /// <summary>Events that compile the code and fill its buffers before the measurement begins.</summary>
    public static long WarmUp(long events) => Math.Min(events / 4, 500_000);

    private static async Task<Measured> SinkAsync(string log, string address, string topic, bool hasTextIndex, int batchRows, Meter meter)
    {
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(address), StoreRole.Writer, CancellationToken.None);
        if (!hasTextIndex)
        {
            await new BenchStore(store, topic).DropTextIndexAsync(CancellationToken.None);
        }

        await using ILogConsumer consumer = await OpenAsync(log, topic);
        using SinkWorker worker = new(
            consumer, new MeteredDelivery(SinkDelivery.For(store, TimeProvider.System, NullLogger.Instance), meter), new SinkOptions { BatchRows = batchRows }, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        await Task.WhenAny(run, meter.Done);
        await stop.CancelAsync();
        await run;
        return meter.Result(await new BenchStore(store, topic).CountAsync(CancellationToken.None));
    }

    private static async Task<Measured> CeilingAsync(string address, string topic, bool hasTextIndex, long events, Meter meter)
    {
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(address), StoreRole.Writer, CancellationToken.None);
        BenchStore ceiling = new(store, topic);
        if (!hasTextIndex)
        {
            await ceiling.DropTextIndexAsync(CancellationToken.None);
        }

        await ceiling.PrepareAsync(CancellationToken.None);
        ceiling.Prebuild();
        GC.Collect();
        await ceiling.FillAsync(events, meter.At, CancellationToken.None);
        return meter.Result(await ceiling.CountAsync(CancellationToken.None));
    }

    private static async Task<Measured> ConsumeAsync(string log, string topic, long events, Meter meter)
    {
        await using ILogConsumer consumer = await OpenAsync(log, topic);
        long read = 0;
        while (read < events)
        {
            Delivery delivery = await consumer.ReceiveAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
            if (delivery.Kind == DeliveryKind.Assigned)
            {
                consumer.Seek(delivery.Partition, 0);
            }

            read += delivery.Records.Length;
            meter.At(read);
        }

        return meter.Result(read);
    }

    // A group of its own: the log offers everything from its beginning.
    private static async Task<ILogConsumer> OpenAsync(string text, string topic)
    {
        LogAddress address = LogAddress.Parse(text);
        string group = Guid.NewGuid().ToString("N");
        return address.Kind == LogKind.Kafka
            ? await KafkaLog.OpenConsumerAsync(address, group, [topic], CancellationToken.None)
            : LocalLog.OpenConsumer(address.Directory, group, [topic]);
    }

    private sealed class MeteredDelivery(IDelivery inner, Meter meter) : IDelivery
    {
        private long _stored;

        public Batch CreateBatch(EventTable table, BufferPool pool) => inner.CreateBatch(table, pool);

        public Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) => inner.LoadAsync(partition, cancellationToken);

        public async Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken)
        {
            int rows = batch.Rows;
            meter.Batch();
            WriteOutcome outcome = await inner.WriteAsync(partition, plan, batch, cancellationToken);
            meter.At(Interlocked.Add(ref _stored, outcome.Superseded is null ? rows : 0));
            return outcome;
        }
    }
}
