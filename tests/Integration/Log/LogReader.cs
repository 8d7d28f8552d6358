using System.Diagnostics;
using ECapture.Log;

namespace ECapture.Tests.Integration.Log;

/// <summary>Drives a consumer as a sink does, and keeps copies of what came.</summary>
public sealed class LogReader(ILogConsumer consumer, Func<TopicPartition, long?>? placement = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public ILogConsumer Consumer => consumer;

    public HashSet<TopicPartition> Owned { get; } = [];

    public List<(DeliveryKind Kind, TopicPartition Partition)> Changes { get; } = [];

    public List<(TopicPartition Partition, long Offset, byte[] Key, byte[] Value)> Records { get; } = [];

    public IEnumerable<string> Values => Records.Select(r => System.Text.Encoding.UTF8.GetString(r.Value));

    public async Task StepAsync(TimeSpan wait)
    {
        Delivery delivery = await consumer.ReceiveAsync(wait, TestContext.Current.CancellationToken);
        switch (delivery.Kind)
        {
            case DeliveryKind.Assigned:
                Assert.True(Owned.Add(delivery.Partition), $"{delivery.Partition} was assigned twice");
                Changes.Add((delivery.Kind, delivery.Partition));
                if ((placement is null ? -1 : placement(delivery.Partition)) is { } offset)
                {
                    consumer.Seek(delivery.Partition, offset);
                }

                break;
            case DeliveryKind.Revoked:
                Assert.True(Owned.Remove(delivery.Partition), $"{delivery.Partition} was revoked without being owned");
                Changes.Add((delivery.Kind, delivery.Partition));
                break;
            case DeliveryKind.Records:
                Assert.Contains(delivery.Partition, Owned);
                Assert.False(delivery.Records.IsEmpty);
                foreach (LogRecord record in delivery.Records.ToArray())
                {
                    Records.Add((delivery.Partition, record.Offset, record.Key.ToArray(), record.Value.ToArray()));
                }

                break;
            default:
                Assert.Equal(DeliveryKind.None, delivery.Kind);
                break;
        }
    }

    public Task UntilAsync(Func<bool> done, string what) => UntilAsync(done, what, [this]);

    /// <summary>Steps all readers in turn until the condition holds.</summary>
    public static async Task UntilAsync(Func<bool> done, string what, params LogReader[] readers)
    {
        long started = Stopwatch.GetTimestamp();
        while (!done())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                Assert.Fail($"{what} did not happen within {Patience.TotalSeconds} s; records: {string.Join(", ", readers.Select(r => r.Records.Count))}");
            }

            foreach (LogReader reader in readers)
            {
                await reader.StepAsync(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    public async Task ForAsync(TimeSpan time)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) is var passed && passed < time)
        {
            await StepAsync(time - passed);
        }
    }

    public ValueTask DisposeAsync() => consumer.DisposeAsync();
}
