using System.Globalization;
using System.Runtime.InteropServices;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.ChdbGateway;

/// <summary>A sink that is one of a group, until it is told to end; it says what it owns and holds.</summary>
internal static class MemberProcess
{
    /// <param name="log">Address of the log.</param>
    /// <param name="storeAddress">Address of the store.</param>
    /// <param name="group">The group.</param>
    /// <param name="topics">Topics, separated by commas.</param>
    /// <param name="memory">Bytes that batches may take; a batch takes at most a quarter.</param>
    /// <param name="hold">A file: while it is there the store is away. Anything that never is there: the store is what it is.</param>
    public static async Task RunAsync(string log, string storeAddress, string group, string[] topics, int memory, string hold)
    {
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(storeAddress), StoreRole.Writer, CancellationToken.None);
        LogAddress address = LogAddress.Parse(log);
        await using ILogConsumer consumer = address.Kind == LogKind.Kafka
            ? await KafkaLog.OpenConsumerAsync(address, group, topics, CancellationToken.None)
            : LocalLog.OpenConsumer(address.Directory, group, topics, new LocalConsumerOptions { Lease = TimeSpan.FromMilliseconds(500) });
        SinkOptions options = new()
        {
            BatchRows = 300,
            BatchBytes = memory / 4,
            MaxBufferedBytes = memory,
            FlushInterval = TimeSpan.FromMilliseconds(200), // the timer closes most batches
            RetryDelay = TimeSpan.FromMilliseconds(50),
            MaxRetryDelay = TimeSpan.FromMilliseconds(200),
        };
        using SinkWorker worker = new(
            consumer, new HeldDelivery(SinkDelivery.For(store, TimeProvider.System, NullLogger.Instance), hold), options, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true; // the runtime would end the process
            stop.Cancel();
        });
        Task run = worker.RunAsync(stop.Token);
        while (!run.IsCompleted)
        {
            SinkStatus status = worker.Status;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"owned {status.Partitions.Count} stored {status.Partitions.Sum(p => p.Stored)} buffered {status.Buffered} heap {GC.GetTotalMemory(forceFullCollection: true)} retrying {(status.Retrying is null ? 0 : 1)}"));
            await Task.WhenAny(run, Task.Delay(100));
        }

        await run;
    }

    private sealed class HeldDelivery(IDelivery inner, string hold) : IDelivery
    {
        public Batch CreateBatch(EventTable table, BufferPool pool) => inner.CreateBatch(table, pool);

        public Task<ResumePoint> LoadAsync(PartitionId partition, CancellationToken cancellationToken) => inner.LoadAsync(partition, cancellationToken);

        public Task<WriteOutcome> WriteAsync(PartitionId partition, Plan plan, Batch batch, CancellationToken cancellationToken) =>
            File.Exists(hold) ? throw new StoreException("the store is away", isTransient: true) : inner.WriteAsync(partition, plan, batch, cancellationToken);
    }
}
