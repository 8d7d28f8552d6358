using System.Diagnostics;
using Confluent.Kafka;

namespace ECapture.Log.Kafka;

/// <summary>Asks a broker where a partition begins and ends.</summary>
internal static class KafkaBounds
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(500);

    /// <param name="consumer">Whose connections are used.</param>
    /// <param name="address">Named in errors.</param>
    /// <param name="partition">Which.</param>
    /// <param name="patience">How long the broker has.</param>
    /// <param name="lastError">What the client complained of last.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LogException">There is no answer.</exception>
    public static async ValueTask<(long First, long Next)> AskAsync(
        IConsumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, LogAddress address, TopicPartition partition, TimeSpan patience,
        Func<string?> lastError, CancellationToken cancellationToken)
    {
        Confluent.Kafka.TopicPartition native = KafkaPartition.NativeOf(partition);
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                WatermarkOffsets offsets = await Task.Run(() => consumer.QueryWatermarkOffsets(native, s_slice), CancellationToken.None);
                return (offsets.Low.Value, offsets.High.Value);
            }
            catch (KafkaException e) when (e.Error.Code == ErrorCode.Local_TimedOut && Stopwatch.GetElapsedTime(started) < patience)
            {
                // In slices: the call itself cannot be cancelled, and who asked must not close the client under it.
            }
            catch (KafkaException e)
            {
                throw KafkaErrors.Convert(address, $"asking for the offsets of {native.Topic}/{native.Partition.Value}", e.Error, lastError());
            }
        }
    }
}
