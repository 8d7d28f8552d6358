using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Filter expressions with their meaning said a second time, in C#.</summary>
internal static class ExpressionOracle
{
    public static IReadOnlyList<(string Text, Func<Event, bool> Means)> Comparisons { get; } =
    [
        ("module == tls", e => e.Topic == "tls"),
        ("module not in (tls, bash)", e => e.Topic is not ("tls" or "bash")),
        ("host == \"db-ü\"", e => e.Host == "db-ü"),
        ("host ~ \"WEB\"", e => e.Host.StartsWith("web", StringComparison.Ordinal)),
        ("host =~ \"^[a-z]+-.$\"", e => e.Host == "db-ü"),
        ("host == \"\\xff\"", _ => false),
        ("host != \"\\x00\"", _ => true),
        ("process == \"curl\"", e => Name(e) == "curl"),
        ("process == \"\"", e => Name(e).Length == 0),
        ("process != curl", e => Name(e) != "curl"),
        ("process ~ \"\\\\ \\\"NAME\"", e => Name(e).Contains("name", StringComparison.Ordinal)),
        ("process !~ \"n\"", e => !Name(e).Contains('n', StringComparison.Ordinal)),
        ("process in (curl, \"o'dd \\\\ \\\"name\\\"\")", e => Name(e) == "curl" || Name(e).StartsWith("o'dd", StringComparison.Ordinal)),
        ("pid < 7", e => Pid(e) < 7),
        ("pid >= 29 or pid == 3", e => Pid(e) is >= 29 or 3),
        ("uid == 4294967294", e => e.Process?.Uid == 4_294_967_294),
        ("uid == 4294967295", e => e.Process is null),
        ("address == 10.0.1.0/24", e => Any(e, a => a is [10, 0, 1, _])),
        ("address != 10.0.0.0/8", e => !Any(e, a => a is [10, ..] and { Length: 4 })),
        ("remote_address == 2000::/3", e => e.Flow?.RemoteAddress.Length == 16),
        ("local_address == 0.0.0.0/0", e => e.Flow?.LocalAddress.Length == 4),
        ("local_address == ::/0", e => e.Flow?.LocalAddress.Length == 16),
        ("port == 443", e => e.Flow?.RemotePort == 443),
        ("port != 443", e => e.Flow?.RemotePort != 443),
        ("local_port > 40005 and remote_port <= 443", e => e.Flow is { LocalPort: > 40005, RemotePort: 443 }),
        ("protocol == tcp", e => e.Flow is not null),
        ("protocol == udp", _ => false),
        ("connection == f000000000000003", e => e.Connection == 0xf000_0000_0000_0003),
        ("connection in (0000000000000000, 0000000000000001)", e => e.Connection < 2),
        ("flow == 0000000000000000", e => e.Flow is null),
        ("direction == sent", e => e.TlsData is not null),
        ("direction != sent", e => e.Packet is not null),
        ("interface =~ \"h0$\"", e => e.Packet is not null),
        ("interface != \"lo\"", e => e.Packet is not null),
        ("sni == \"\"", e => e.Topic == Topics.Connection),
        ("data ~ \"LOGIN\"", e => Text(e).Contains("login", StringComparison.Ordinal)),
        ("data ~ \"Needle\"", e => Text(e).Contains("needle", StringComparison.OrdinalIgnoreCase)),
        ("data ~ \"größe\"", e => Text(e).Contains("größe", StringComparison.Ordinal)),
        ("data ~ \"GRÖSSE\"", _ => false),
        ("data ~ \"7\"", e => Text(e).Contains('7', StringComparison.Ordinal)), // 0xff is \377 on the way through one store
        ("data ~ \"\\\\\"", e => Text(e).Contains('\\', StringComparison.Ordinal)),
        ("data ~ \"\\xff\\xfe\"", e => Bytes(e).AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xfe]) >= 0),
        ("data ~ \"\\x00\\x01\"", e => Bytes(e).AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 1]) >= 0),
        ("data == \"\"", e => Bytes(e).Length == 0),
        ("data == \"\\x00\\x01\\x02\\xff\\xfe\"", e => Bytes(e) is [0, 1, 2, 0xff, 0xfe]),
        ("sql ~ \"drop table\"", e => e.SqlStatement is not null && Text(e).Contains("DROP TABLE", StringComparison.Ordinal)),
        ("sql !~ \"drop table\"", e => e.SqlStatement is not null && !Text(e).Contains("DROP TABLE", StringComparison.Ordinal)),
        ("command ~ \"needle\"", e => e.ShellCommand is not null && Text(e).Contains("needle", StringComparison.OrdinalIgnoreCase)),
        ("http_host == \"shop.example\"", e => e.HttpExchange is not null && e.Sequence % 2 == 0),
        ("http.host ~ \"api.EXAMPLE\"", e => e.HttpExchange is not null && e.Sequence % 2 == 1),
        ("http_path ~ \"needle\"", e => e.HttpExchange is { } http && http.Path.ToStringUtf8().Contains("needle", StringComparison.OrdinalIgnoreCase)),
        ("http_method != \"GET\"", _ => false),
        ("http_status >= 400", e => e.HttpExchange?.Status >= 400),
        ("http_status != 200", e => e.HttpExchange is { Status: not (0 or 200) }),
        ("http_duration < 3ns", e => e.HttpExchange?.DurationNs < 3),
        ("http_type =~ \"html$\" and http_request_bytes == 3 and http_response_bytes == 5", e => e.HttpExchange is not null),
        ("sql ~ \"50%_\\\\\"", e => e.SqlStatement is not null && Text(e).Contains("50%_\\", StringComparison.Ordinal)),
        ("command ~ \"50%_\\\\\" or command ~ \"NEEDLE\"", e => e.ShellCommand is not null && (Text(e).Contains("50%_\\", StringComparison.Ordinal) || Text(e).Contains("needle", StringComparison.OrdinalIgnoreCase))),
        ($"sql_fingerprint == {Fingerprint("SELECT * FROM needle WHERE a = 1"):x16}", e => e.SqlStatement is not null && Text(e).Contains("FROM needle WHERE", StringComparison.Ordinal)),
        ("sql_user == \"app\"", e => e.SqlStatement is not null),
        ("sql_rows >= 0", _ => false),
        ("sql_rows != 5", _ => false),
        ("sql_duration == 7ns", e => e.SqlStatement is not null),
        ("sql_duration > 0.001ms", _ => false),
        ("sql_outcome == error", _ => false),
        ("exit_status == -1", e => Exit(e) == -1),
        ("exit_status != 0", e => Exit(e) is not null and not 0),
        ("exit_status in (1, 2, 3)", e => Exit(e) is 1 or 2 or 3),
        ("executable ~ \"login\"", e => e.ProcessExec is not null && e.ProcessExec.Executable.ToStringUtf8().Contains("login", StringComparison.Ordinal)),
        .. Patterns(),
    ];

    /// <summary>An expression of several, and its meaning.</summary>
    public static (string Text, Func<Event, bool> Means) Random(Random random, int depth)
    {
        if (depth == 0 || random.Next(4) == 0)
        {
            return Comparisons[random.Next(Comparisons.Count)];
        }

        (string left, Func<Event, bool> isLeft) = Random(random, depth - 1);
        (string right, Func<Event, bool> isRight) = Random(random, depth - 1);
        return random.Next(3) switch
        {
            0 => ($"({left}) and ({right})", e => isLeft(e) && isRight(e)),
            1 => ($"({left}) or ({right})", e => isLeft(e) || isRight(e)),
            _ => ($"not ({left})", e => !isLeft(e)),
        };
    }

    // Bytes that are no UTF-8 are half surrogates here, which no pattern matches.
    private static IEnumerable<(string, Func<Event, bool>)> Patterns()
    {
        (string Pattern, string DotNet)[] patterns =
        [
            ("needle", "needle"), ("^needle$", @"\Aneedle\z"), ("(?i)^NEE(D|X)le", @"(?i)\Anee(d|x)le"), ("^GET /[a-z]+\\?user=a", @"\AGET /[a-z]+\?user=a"),
            ("gr.{1,2}e", @"gr[^\n\ud800]{1,2}e"), ("gr[^a-z]{2}e", @"gr[^a-z\ud800]{2}e"), ("gr[à-ÿß]+e", "gr[à-ÿß]+e"), ("[^\\x00-\\xff]", @"[^\x00-\xff\ud800]"),
            ("[\\x00-\\x02]+$", @"[\x00-\x02]+\z"), ("\\\\$", @"\\\z"), ("^$", @"\A\z"), ("^\\D*$", @"\A[^0-9\ud800]*\z"), ("[0-7]", "[0-7]"), ("\\n$", @"\n\z"),
            ("^.*$", @"\A[^\n\ud800]*\z"), ("\\s", @"[\t-\r ]"), ("(a|)\\W", @"(a|)[^0-9A-Za-z_\ud800]"), ("^[\\w/? =.]+\\r\\n", @"\A[0-9A-Za-z_/? =.]+\r\n"), ("[]'-]", "[]'-]"),
            ("^[\\x01-\\x7f]{5,7}$", @"\A[\x01-\x7f]{5,7}\z"),
        ];
        foreach ((string pattern, string dotNet) in patterns)
        {
            var regex = new Regex(dotNet, RegexOptions.CultureInvariant);
            yield return ($"data =~ \"{pattern}\"", e => regex.IsMatch(Text(e)));
        }
    }

    private static ulong Fingerprint(string statement) => ECapture.Protocols.Sql.SqlFingerprint.Of(Encoding.UTF8.GetBytes(statement), ECapture.Protocols.Sql.SqlDialect.Postgres);

    private static string Name(Event e) => e.Process?.Name.ToStringUtf8() ?? "";

    private static uint Pid(Event e) => e.Process?.Pid ?? 0;

    private static int? Exit(Event e) => e.ShellResult?.ExitStatus ?? e.ProcessExit?.ExitStatus;

    private static bool Any(Event e, Func<byte[], bool> matches) =>
        e.Flow is not null && (matches(e.Flow.LocalAddress.ToByteArray()) || matches(e.Flow.RemoteAddress.ToByteArray()));

    private static string Text(Event e)
    {
        StringBuilder text = new();
        ReadOnlySpan<byte> rest = Bytes(e);
        while (!rest.IsEmpty)
        {
            bool isWhole = Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            text.Append(isWhole ? rune.ToString() : new string('\ud800', length));
            rest = rest[length..];
        }

        return text.ToString();
    }

    private static byte[] Bytes(Event e) => e.PayloadCase switch
    {
        Event.PayloadOneofCase.TlsData => e.TlsData.Data.ToByteArray(),
        Event.PayloadOneofCase.TlsSecret => e.TlsSecret.Secret.ToByteArray(),
        Event.PayloadOneofCase.Packet => e.Packet.Data.ToByteArray(),
        Event.PayloadOneofCase.ShellCommand => e.ShellCommand.Text.ToByteArray(),
        Event.PayloadOneofCase.SqlStatement => e.SqlStatement.Statement.ToByteArray(),
        _ => [],
    };
}
