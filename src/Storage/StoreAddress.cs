using System.Globalization;

namespace ECapture.Storage;

/// <summary>
/// Where a store is:
/// <c>clickhouse://[user@]host[:8123]/database</c>, <c>clickhouses://…[:8443]/…</c> (HTTPS), <c>chdb:DIR</c>,
/// <c>postgres://[user@]host[:5432]/database</c>, <c>postgres://user@/database?host=/socket/dir</c>.
/// A password is never part of an address: it comes from <c>ECAPTURE_STORE_PASSWORD</c> or <c>?password-file=FILE</c>.
/// </summary>
public sealed record StoreAddress
{
    /// <summary>The environment variable that carries the password.</summary>
    public const string PasswordVariable = "ECAPTURE_STORE_PASSWORD";

    /// <summary>The database when the address names none.</summary>
    public const string DefaultDatabase = "ecapture";

    private StoreAddress(StoreKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>Which kind of store.</summary>
    public StoreKind Kind { get; }

    /// <summary>The address as it was given; holds no password.</summary>
    public string Text { get; }

    /// <summary>Host name or address; for PostgreSQL also the directory of a Unix socket. Empty in process.</summary>
    public string Host { get; private init; } = "";

    /// <summary>TCP port; 0 in process.</summary>
    public int Port { get; private init; }

    /// <summary>True for HTTPS.</summary>
    public bool IsTls { get; private init; }

    /// <summary>User name; empty in process.</summary>
    public string User { get; private init; } = "";

    /// <summary>Database name.</summary>
    public string Database { get; private init; } = DefaultDatabase;

    /// <summary>The engine's directory, absolute; empty unless in process.</summary>
    public string Directory { get; private init; } = "";

    /// <summary>The file whose first line is the password, or null.</summary>
    public string? PasswordFile { get; private init; }

    /// <summary>Longest wait for an answer of the store.</summary>
    public TimeSpan Timeout { get; private init; } = TimeSpan.FromMinutes(5);

    /// <summary>PostgreSQL: <c>sslmode</c> as libpq names it; null leaves the default, <c>prefer</c>.</summary>
    public string? SslMode { get; private init; }

    /// <summary>PostgreSQL: file of the certificate authorities that are trusted, or null.</summary>
    public string? SslRootCertificate { get; private init; }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is no store address; the message is one line for the user.</exception>
    public static StoreAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith("chdb:", StringComparison.Ordinal))
        {
            return ParseInProcess(text);
        }

        int colon = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : text[..colon];
        return scheme switch
        {
            "clickhouse" => ParseServer(StoreKind.ClickHouse, text, isTls: false, defaultPort: 8123),
            "clickhouses" => ParseServer(StoreKind.ClickHouse, text, isTls: true, defaultPort: 8443),
            "postgres" => ParseServer(StoreKind.Postgres, text, isTls: false, defaultPort: 5432),
            _ => throw new FormatException(
                $"'{Redact(text)}' is no store address: it begins with {StoreAddressQuery.Nearest(scheme, ["clickhouse", "clickhouses", "chdb", "postgres"], suffix: ":")}"),
        };
    }

    /// <summary>The password, from the file or the environment; empty when neither gives one.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public string ReadPassword()
    {
        if (PasswordFile is null)
        {
            return Environment.GetEnvironmentVariable(PasswordVariable) ?? "";
        }

        try
        {
            using StreamReader reader = new(PasswordFile);
            return reader.ReadLine() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{Text}: cannot read the password file {PasswordFile}: {e.Message}", isTransient: false, e);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static StoreAddress ParseInProcess(string text)
    {
        string directory = text["chdb:".Length..];
        if (directory.Length == 0 || directory.StartsWith("//", StringComparison.Ordinal))
        {
            throw new FormatException($"'{text}' is no store address: chdb: is followed by a directory, as in chdb:/var/lib/ecapture/store");
        }

        return new StoreAddress(StoreKind.ClickHouseInProcess, text) { Directory = Path.GetFullPath(directory) };
    }

    private static StoreAddress ParseServer(StoreKind kind, string text, bool isTls, int defaultPort)
    {
        string rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        string? query = null;
        if (rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and int mark)
        {
            (rest, query) = (rest[..mark], rest[(mark + 1)..]);
        }

        string path = "";
        if (rest.IndexOf('/', StringComparison.Ordinal) is >= 0 and int slash)
        {
            (rest, path) = (rest[..slash], rest[(slash + 1)..]);
        }

        string user = "";
        if (rest.LastIndexOf('@') is >= 0 and int at)
        {
            (user, rest) = (rest[..at], rest[(at + 1)..]);
            if (user.Contains(':', StringComparison.Ordinal))
            {
                throw new FormatException(
                    $"'{Redact(text)}' holds a password, which any user of this machine could read: leave it out and set {PasswordVariable} or add ?password-file=FILE");
            }
        }

        Dictionary<string, string> options = StoreAddressQuery.Parse(text, query, kind == StoreKind.Postgres
            ? ["password-file", "timeout", "host", "sslmode", "sslrootcert"]
            : ["password-file", "timeout"]);
        (string host, int port) = SplitHost(text, rest, defaultPort);
        if (options.TryGetValue("host", out string? socket))
        {
            if (host.Length != 0 || !socket.StartsWith('/'))
            {
                throw new FormatException($"'{text}': ?host= takes the directory of a Unix socket, and then no host stands after '@'");
            }

            host = socket;
        }

        if (host.Length == 0)
        {
            throw new FormatException($"'{text}' names no host, as in {text[..text.IndexOf(':', StringComparison.Ordinal)]}://host/{DefaultDatabase}");
        }

        return new StoreAddress(kind, text)
        {
            Host = host,
            Port = port,
            IsTls = isTls,
            User = user.Length > 0 ? Uri.UnescapeDataString(user) : kind == StoreKind.Postgres ? Environment.UserName : "default",
            Database = path.Length > 0 ? Uri.UnescapeDataString(path) : DefaultDatabase,
            PasswordFile = options.GetValueOrDefault("password-file"),
            Timeout = StoreAddressQuery.Seconds(text, options, "timeout", TimeSpan.FromMinutes(5)),
            SslMode = options.GetValueOrDefault("sslmode"),
            SslRootCertificate = options.GetValueOrDefault("sslrootcert"),
        };
    }

    private static (string Host, int Port) SplitHost(string text, string authority, int defaultPort)
    {
        int colon = authority.LastIndexOf(':');
        if (authority.StartsWith('['))
        {
            int close = authority.IndexOf(']', StringComparison.Ordinal);
            if (close < 0)
            {
                throw new FormatException($"'{text}': the IPv6 address lacks its ']'");
            }

            (string address, string after) = (authority[1..close], authority[(close + 1)..]);
            return after.Length == 0 ? (address, defaultPort) : (address, ParsePort(text, after.TrimStart(':')));
        }

        return colon < 0 ? (authority, defaultPort) : (authority[..colon], ParsePort(text, authority[(colon + 1)..]));
    }

    private static int ParsePort(string text, string value) =>
        ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new FormatException($"'{text}': '{value}' is no port (1 to 65535)");

    // What stands between "//" and "@" may be a password: messages never repeat it.
    private static string Redact(string text)
    {
        int start = text.IndexOf("//", StringComparison.Ordinal);
        int end = text.LastIndexOf('@');
        int colon = start < 0 ? -1 : text.IndexOf(':', start);
        return start >= 0 && colon > start && end > colon ? text[..(colon + 1)] + "***" + text[end..] : text;
    }
}
