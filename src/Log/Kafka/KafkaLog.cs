namespace ECapture.Log.Kafka;

/// <summary>The log on Kafka brokers (docs/kafka.md).</summary>
public static class KafkaLog
{
    /// <summary>Makes a producer. Does not wait for a broker: an agent starts also while Kafka is away.</summary>
    /// <exception cref="LogException">librdkafka is missing, or it refuses an option of the address.</exception>
    public static KafkaLogWriter OpenWriter(LogAddress address)
    {
        RequireKafka(address);
        return new KafkaLogWriter(address);
    }

    /// <summary>Joins a consumer group. Makes topics that are missing where it may.</summary>
    /// <param name="address">The brokers.</param>
    /// <param name="group">Name of the group.</param>
    /// <param name="topics">Short names.</param>
    /// <param name="cancellationToken">Ends the wait for a broker.</param>
    /// <exception cref="LogException">
    /// librdkafka is missing, it refuses an option of the address, or no broker answered within 10 s (transient).
    /// </exception>
    public static async Task<KafkaLogConsumer> OpenConsumerAsync(
        LogAddress address, string group, IReadOnlyCollection<string> topics, CancellationToken cancellationToken)
    {
        RequireKafka(address);
        KafkaLogConsumer consumer = new(address, group);
        try
        {
            await consumer.StartAsync(topics, cancellationToken);
            return consumer;
        }
        catch
        {
            await consumer.DisposeAsync();
            throw;
        }
    }

    private static void RequireKafka(LogAddress address)
    {
        if (address.Kind != LogKind.Kafka)
        {
            throw new ArgumentException($"{address} is not a Kafka address", nameof(address));
        }
    }
}
