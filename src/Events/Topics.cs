namespace ECapture.Events;

/// <summary>The short names of the log's topics and the rule that makes their Kafka names.</summary>
public static class Topics
{
    /// <summary>TLS plaintext of OpenSSL and BoringSSL.</summary>
    public const string Tls = "tls";

    /// <summary>TLS plaintext of GnuTLS.</summary>
    public const string GnuTls = "gnutls";

    /// <summary>TLS plaintext of Go programs.</summary>
    public const string GoTls = "gotls";

    /// <summary>TLS plaintext of NSS programs.</summary>
    public const string Nss = "nss";

    /// <summary>Lines and commands of bash, commands of shells without a topic of their own.</summary>
    public const string Bash = "bash";

    /// <summary>Lines and commands of zsh.</summary>
    public const string Zsh = "zsh";

    /// <summary>SQL statements of PostgreSQL servers.</summary>
    public const string Postgres = "postgres";

    /// <summary>SQL statements of MariaDB and MySQL servers.</summary>
    public const string Mysqld = "mysqld";

    /// <summary>Frames.</summary>
    public const string Packet = "packet";

    /// <summary>TLS secrets.</summary>
    public const string Secret = "secret";

    /// <summary>Process starts and ends.</summary>
    public const string Process = "process";

    /// <summary>Connection states and links.</summary>
    public const string Connection = "connection";

    /// <summary>What the agent says of itself: states, losses, coverage, checkpoints.</summary>
    public const string Agent = "agent";

    /// <summary>Who asked a service for what is kept.</summary>
    public const string Access = "access";

    /// <summary>What services did to what is kept: retention, archive, holds, tokens.</summary>
    public const string Control = "control";

    /// <summary>Requests and responses that the sink puts together from plaintext: in the store only, never in a log.</summary>
    public const string Http = "http";

    /// <summary>Every topic that this version writes, in the order in which tools list them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Tls, GnuTls, GoTls, Nss, Http, Bash, Zsh, Postgres, Mysqld, Packet, Secret, Process, Connection, Agent, Access, Control];

    /// <summary>The topics of logs: all that are not derived.</summary>
    public static IReadOnlyList<string> Logged { get; } = [.. All.Where(topic => topic != Http)];

    /// <summary>The topics of TLS plaintext. Ids of exchanges hold the place in this list: it grows at its end.</summary>
    public static IReadOnlyList<string> Plaintext { get; } = [Tls, GnuTls, GoTls, Nss];

    private const string KafkaPrefix = "ecapture.";
    private const string KafkaSuffix = ".v1";
    private const string DeadLetterSuffix = ".dlq";

    /// <summary>The Kafka topic of a short name: <c>ecapture.tls.v1</c>; of its dead letters <c>ecapture.tls.v1.dlq</c>.</summary>
    public static string KafkaName(string topic) =>
        IsDeadLetters(topic) ? KafkaName(topic[..^DeadLetterSuffix.Length]) + DeadLetterSuffix : KafkaPrefix + topic + KafkaSuffix;

    /// <summary>The short name of a Kafka topic, or null when it is none of this program's.</summary>
    public static string? ShortName(string kafkaName)
    {
        if (IsDeadLetters(kafkaName))
        {
            return ShortName(kafkaName[..^DeadLetterSuffix.Length]) is { } of ? DeadLetters(of) : null;
        }

        return kafkaName.StartsWith(KafkaPrefix, StringComparison.Ordinal) && kafkaName.EndsWith(KafkaSuffix, StringComparison.Ordinal)
            && kafkaName.Length > KafkaPrefix.Length + KafkaSuffix.Length
                ? kafkaName[KafkaPrefix.Length..^KafkaSuffix.Length]
                : null;
    }

    /// <summary>The topic of what sinks could not store of a topic: <c>tls.dlq</c>. Its records are no events.</summary>
    public static string DeadLetters(string topic) => topic + DeadLetterSuffix;

    /// <summary>True for a topic of dead letters, by its short name or its Kafka name.</summary>
    public static bool IsDeadLetters(string topic) => topic.EndsWith(DeadLetterSuffix, StringComparison.Ordinal);
}
