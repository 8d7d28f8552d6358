using ECapture.Events;
using ECapture.Log.Local;
using ECapture.Sink;
using ECapture.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.ChdbGateway;

/// <summary>A sink in a process of its own: for the in-process engine, and to be killed.</summary>
internal static class SinkProcess
{
    public static async Task RunAsync(string logDirectory, string storeAddress, int batchRows)
    {
        // The store first: an in-process engine takes signals when it boots.
        await using Store store = await StoreFactory.OpenAsync(StoreAddress.Parse(storeAddress), StoreRole.Writer, CancellationToken.None);
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(
            logDirectory, "sink", [.. Topics.All], new LocalConsumerOptions { Lease = TimeSpan.FromMilliseconds(500) });
        SinkOptions options = new() { BatchRows = batchRows, FlushInterval = TimeSpan.FromMilliseconds(50) };
        using SinkWorker worker = new(
            consumer, SinkDelivery.For(store, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger<SinkWorker>.Instance);
        using CancellationTokenSource stop = new();
        Task run = worker.RunAsync(stop.Token);
        while (!run.IsCompleted && !worker.Status.IsDrained)
        {
            await Task.WhenAny(run, Task.Delay(20));
        }

        await stop.CancelAsync();
        await run;
        Console.WriteLine("drained");
    }
}
