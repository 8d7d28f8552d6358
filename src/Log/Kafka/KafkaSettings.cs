using Confluent.Kafka;

namespace ECapture.Log.Kafka;

/// <summary>Makes librdkafka's configuration of an address: defaults, then the address's options, then what the guarantees need.</summary>
internal static class KafkaSettings
{
    /// <summary>Options that are this program's, not librdkafka's.</summary>
    public const string LogId = "log.id";
    public const string TopicPartitions = "topic.partitions";
    public const string TopicReplication = "topic.replication";

    private const string VersionRequest = "api.version.request";
    private const string Idempotence = "enable.idempotence";
    private const string UserName = "sasl.username";

    /// <summary>
    /// False for brokers before 0.10, which must be named as such in the address: they have no idempotent producer, no cluster id and no
    /// request that makes topics.
    /// </summary>
    public static bool IsModern(LogAddress address) =>
        !string.Equals(address.Options.GetValueOrDefault(VersionRequest), "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when the broker itself keeps the order of what is sent, whatever fails.</summary>
    public static bool IsIdempotent(LogAddress address) =>
        !string.Equals(address.Options.GetValueOrDefault(Idempotence), "false", StringComparison.OrdinalIgnoreCase) && IsModern(address);

    public static ProducerConfig Producer(LogAddress address)
    {
        bool idempotent = IsIdempotent(address);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["linger.ms"] = "5",
            ["compression.type"] = "lz4",
            ["queue.buffering.max.kbytes"] = "65536",
            ["queue.buffering.max.messages"] = "200000",
            ["reconnect.backoff.max.ms"] = "2000", // a broker that comes back is noticed soon
            [Idempotence] = idempotent ? "true" : "false",
        };
        AddAddress(settings, address);
        settings["acks"] = "all";
        // Never given up: the local log holds what is not acknowledged, and giving up one record would let later ones overtake it.
        settings["message.timeout.ms"] = "0";
        if (idempotent)
        {
            settings["enable.gapless.guarantee"] = "true";
        }
        else
        {
            // The broker keeps no order between requests, so what is in flight is one request, taken whole or not at all (KafkaLogWriter.Fitting): the client
            // must not begin to send before it has all of it, nor cut it.
            settings["max.in.flight.requests.per.connection"] = "1";
            settings["linger.ms"] = "900000";
            settings["batch.size"] = settings["message.max.bytes"] = "1000000";
            settings["batch.num.messages"] = "10000";
        }

        return new ProducerConfig(settings) { DeliveryReportFields = "none" };
    }

    public static ConsumerConfig Consumer(LogAddress address, string group)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["session.timeout.ms"] = "10000", // every broker allows it
            ["topic.metadata.refresh.interval.ms"] = "5000", // topics that appear later are met soon
            ["fetch.wait.max.ms"] = "100",
            ["reconnect.backoff.max.ms"] = "2000",
            ["queued.max.messages.kbytes"] = "16384",
            ["fetch.queue.backoff.ms"] = "10", // else who has emptied the full queue, as a sink does after each batch, waits a second for the next fetch
            ["check.crcs"] = "true",
        };
        AddAddress(settings, address);
        settings["group.id"] = group;
        settings["auto.offset.reset"] = "earliest";
        settings["enable.auto.commit"] = "true"; // sends what the caller committed, a second later or at the end
        settings["auto.commit.interval.ms"] = "1000";
        settings["enable.auto.offset.store"] = "false";
        settings["partition.assignment.strategy"] = "range"; // eager: this program places partitions by itself
        return new ConsumerConfig(settings) { ConsumeResultFields = "topic" };
    }

    /// <summary>An integer option of ours; -1, "as the broker likes", when it is not given.</summary>
    public static int Number(LogAddress address, string option)
    {
        if (!address.Options.TryGetValue(option, out string? text))
        {
            return -1;
        }

        return int.TryParse(text, out int number) && number is > 0 and <= 10_000
            ? number
            : throw new LogException($"the option {option} of the log address is a number from 1 to 10000, not '{text}'", isTransient: false);
    }

    private static void AddAddress(Dictionary<string, string> settings, LogAddress address)
    {
        settings["bootstrap.servers"] = string.Join(',', address.Brokers);
        settings["client.id"] = "ecapture";
        settings["log.connection.close"] = "false";
        settings["socket.keepalive.enable"] = "true";
        foreach ((string name, string value) in address.Options)
        {
            if (name is not (LogId or TopicPartitions or TopicReplication))
            {
                settings[name] = value;
            }
        }

        if (!address.Options.ContainsKey(UserName))
        {
            return;
        }

        settings["sasl.password"] = Environment.GetEnvironmentVariable(LogAddress.PasswordVariable) is { Length: > 0 } password
            ? password
            : throw new LogException($"the log address has {UserName}, but {LogAddress.PasswordVariable} is not set: put the password into it", isTransient: false);
    }
}
