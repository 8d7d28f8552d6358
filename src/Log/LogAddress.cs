using System.Globalization;

namespace ECapture.Log;

/// <summary>
/// Where a log is: <c>sqlite:DIR</c> or <c>kafka://host[:9092][,host[:9092]…][?option=value[&amp;…]]</c>.
/// Any option of librdkafka may be given, and <c>log.id</c>, <c>topic.partitions</c>, <c>topic.replication</c> (docs/kafka.md). Values are percent-decoded.
/// A password is never part of an address: <c>sasl.password</c> comes from <c>ECAPTURE_KAFKA_PASSWORD</c>.
/// </summary>
public sealed record LogAddress
{
    /// <summary>The environment variable that carries <c>sasl.password</c>.</summary>
    public const string PasswordVariable = "ECAPTURE_KAFKA_PASSWORD";

    /// <summary>The port of a broker when the address names none.</summary>
    public const int DefaultPort = 9092;

    private const string Forms = "valid are sqlite:DIR and kafka://host:port[,host:port][?option=value&…]";

    // The guarantees of the log rest on these; they are set by this program.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "acks", "request.required.acks", "bootstrap.servers", "metadata.broker.list", "group.id", "enable.auto.commit", "enable.auto.offset.store",
        "auto.offset.reset", "message.timeout.ms", "delivery.timeout.ms", "max.in.flight", "max.in.flight.requests.per.connection",
        "enable.gapless.guarantee", "partitioner", "partition.assignment.strategy", "enable.partition.eof", "transactional.id", "group.protocol",
    };

    private LogAddress(LogKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>Which kind of log.</summary>
    public LogKind Kind { get; }

    /// <summary>The address as it was given; holds no password.</summary>
    public string Text { get; }

    /// <summary>The local log's directory, absolute; empty for Kafka.</summary>
    public string Directory { get; private init; } = "";

    /// <summary>Brokers as <c>host:port</c>; empty for a local log.</summary>
    public IReadOnlyList<string> Brokers { get; private init; } = [];

    /// <summary>Options of a Kafka address by name.</summary>
    public IReadOnlyDictionary<string, string> Options { get; private init; } = new Dictionary<string, string>();

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is no log address; the message is one line for the user.</exception>
    public static LogAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith("sqlite:", StringComparison.Ordinal))
        {
            return ParseLocal(text, text["sqlite:".Length..]);
        }

        if (text.StartsWith("kafka://", StringComparison.Ordinal))
        {
            return ParseKafka(text, text["kafka://".Length..]);
        }

        throw text.StartsWith("kafka:", StringComparison.Ordinal)
            ? new FormatException($"the log address '{WithoutUser(text)}' needs // after kafka: : {Forms}")
            : new FormatException($"'{WithoutUser(text)}' is no log address: it must begin with sqlite: or kafka:// ({Forms})");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static LogAddress ParseLocal(string text, string directory)
    {
        if (string.IsNullOrWhiteSpace(directory) || directory.Contains('\0', StringComparison.Ordinal))
        {
            throw new FormatException($"the log address '{text}' names no directory: write sqlite:DIR");
        }

        if (directory.StartsWith("//", StringComparison.Ordinal))
        {
            throw new FormatException($"the log address '{text}' has // after sqlite: : write sqlite:{directory[1..]}");
        }

        return new LogAddress(LogKind.Local, text) { Directory = Path.GetFullPath(directory) };
    }

    private static LogAddress ParseKafka(string text, string rest)
    {
        int question = rest.IndexOf('?', StringComparison.Ordinal);
        string shown = question < 0 ? text : string.Concat(text.AsSpan(0, "kafka://".Length + question), "?…");
        Dictionary<string, string> options = question < 0 ? [] : ParseOptions(shown, rest[(question + 1)..]);
        string hosts = (question < 0 ? rest : rest[..question]).TrimEnd('/');
        if (hosts.Contains('@', StringComparison.Ordinal))
        {
            throw new FormatException($"a log address holds no user: write ?sasl.username=NAME and put the password into {PasswordVariable}");
        }

        return new LogAddress(LogKind.Kafka, text) { Brokers = [.. hosts.Split(',').Select(b => ParseBroker(shown, b))], Options = options };
    }

    private static string ParseBroker(string shown, string broker)
    {
        string host = broker;
        int port = DefaultPort;
        int colon = broker.LastIndexOf(':');
        if (colon > broker.LastIndexOf(']'))
        {
            host = broker[..colon];
            string digits = broker[(colon + 1)..];
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)
            {
                throw new FormatException($"the log address '{shown}' has port '{digits}': a port is a number from 1 to 65535");
            }
        }

        if (host.Length == 0)
        {
            throw new FormatException($"the log address '{shown}' has a broker without a host: {Forms}");
        }

        bool literal = host[0] == '[' && host[^1] == ']' && Uri.CheckHostName(host) == UriHostNameType.IPv6;
        if (!literal && !host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw new FormatException($"the log address '{shown}' has host '{host}': a host is a name, an IPv4 address, or an IPv6 address in brackets");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }

    private static Dictionary<string, string> ParseOptions(string shown, string query)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string part in query.Split('&'))
        {
            int equal = part.IndexOf('=', StringComparison.Ordinal);
            string name = equal < 0 ? part : part[..equal];
            if (equal <= 0 || equal == part.Length - 1 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            {
                throw new FormatException($"the log address '{shown}' has a malformed option '{name}': options are name=value, joined by &");
            }

            if (IsSecret(name))
            {
                throw new FormatException(name == "sasl.password"
                    ? $"sasl.password must not be part of an address, where every user of the machine can read it: put it into {PasswordVariable}"
                    : $"{name} must not be part of an address, where every user of the machine can read it: use a file (ssl.key.location, ssl.keystore.location) that only this user can read");
            }

            if (Reserved.Contains(name))
            {
                throw new FormatException($"the option {name} cannot be set: the log's guarantees rest on it");
            }

            if (!options.TryAdd(name, Uri.UnescapeDataString(part[(equal + 1)..])))
            {
                throw new FormatException($"the log address '{shown}' has the option {name} twice");
            }
        }

        return options;
    }

    // What stands before an @ or behind a ? may be a password.
    private static string WithoutUser(string text)
    {
        int question = text.IndexOf('?', StringComparison.Ordinal);
        string address = question < 0 ? text : string.Concat(text.AsSpan(0, question), "?…");
        return address.Contains('@', StringComparison.Ordinal) ? "…" + address[address.LastIndexOf('@')..] : address;
    }

    private static bool IsSecret(string name) =>
        name.EndsWith("password", StringComparison.Ordinal) || name.EndsWith("secret", StringComparison.Ordinal) || name is "ssl.key.pem";
}
