using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace ECapture.Tests.Support.Postgres;

/// <summary>A statement as the server's own log tells it; its parameters as <c>$1 = 'a', $2 = NULL</c>.</summary>
public sealed record LoggedStatement(uint Pid, string User, string Database, string Client, string Text, string ErrorCode, string Parameters = "");

/// <summary>A throw-away server that logs every statement (<c>log_statement = all</c>, jsonlog) and offers TLS.</summary>
public sealed class LoggingPostgres : IAsyncDisposable
{
    private readonly string _folder;
    private readonly PostgresCluster _cluster;
    private int _skip;

    private LoggingPostgres(string folder, PostgresCluster cluster)
    {
        _folder = folder;
        _cluster = cluster;
    }

    /// <summary>The server.</summary>
    public PostgresCluster Cluster => _cluster;

    public static async Task<LoggingPostgres> StartAsync(CancellationToken cancellationToken, params string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("ecapture-pglog-").FullName;
        await WriteCertificateAsync(folder, cancellationToken);
        await RunAsync("chown", ["-R", "postgres:postgres", folder]);
        PostgresCluster cluster = await PostgresCluster.StartAsync(
            [
                "logging_collector=on", "log_destination=jsonlog", $"log_directory={folder}", "log_filename=server.log", "log_statement=all",
                "log_min_error_statement=error", "ssl=on", $"ssl_cert_file={folder}/server.crt", $"ssl_key_file={folder}/server.key", "cluster_name=ec/test",
                .. settings,
            ],
            cancellationToken);
        LoggingPostgres server = new(folder, cluster);
        server.Forget();
        return server;
    }

    /// <summary>Leaves out of <see cref="ReadStatements"/> what was logged until now.</summary>
    public void Forget() => _skip = Lines().Length;

    /// <summary>Runs a client program against the server.</summary>
    /// <returns>Its exit code and output.</returns>
    public async Task<(int ExitCode, string Output)> RunClientAsync(string file, string[] arguments, bool tcp = false, string sslMode = "disable")
    {
        using Process process = StartClient(file, arguments, tcp, sslMode);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    /// <summary>Starts a client program.</summary>
    public Process StartClient(string file, string[] arguments, bool tcp = false, string sslMode = "disable")
    {
        ProcessStartInfo start = new(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PGHOST"] = tcp ? "127.0.0.1" : _cluster.SocketFolder;
        start.Environment["PGPORT"] = $"{_cluster.Port}";
        start.Environment["PGUSER"] = PostgresCluster.User;
        start.Environment["PGPASSWORD"] = PostgresCluster.Password;
        start.Environment["PGDATABASE"] = "postgres";
        start.Environment["PGSSLMODE"] = sslMode;
        start.Environment["PGOPTIONS"] = "";
        return Process.Start(start)!;
    }

    /// <summary>The statements that were logged, once one with this text is among them.</summary>
    public async Task<IReadOnlyList<LoggedStatement>> ReadStatements(string until, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            List<LoggedStatement> statements = Read();
            if (statements.Exists(s => s.Text.Contains(until, StringComparison.Ordinal)))
            {
                return statements;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // The client left after its last answer: that statement has not failed.
    private const string ClientGone = "08006";

    private const string Parameters = "parameters: ";

    // "statement: TEXT" or "execute NAME: TEXT" when it began; ERROR with the statement when it failed.
    private List<LoggedStatement> Read()
    {
        List<LoggedStatement> statements = [];
        foreach (string line in Lines().Skip(_skip))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement entry = document.RootElement;
            string message = Field(entry, "message");
            string severity = Field(entry, "error_severity");
            string client = Field(entry, "remote_host") is "[local]" ? "local" : Field(entry, "remote_host");
            uint pid = entry.GetProperty("pid").GetUInt32();
            if (severity == "LOG" && Text(message) is { } text)
            {
                string detail = Field(entry, "detail");
                string parameters = detail.StartsWith(Parameters, StringComparison.Ordinal) ? detail[Parameters.Length..] : "";
                statements.Add(new LoggedStatement(pid, Field(entry, "user"), Field(entry, "dbname"), client, text, "", parameters));
            }
            else if (severity is "ERROR" or "FATAL" && Field(entry, "state_code") != ClientGone)
            {
                // A commit that fails when the client synchronises is logged without its statement.
                string failed = Field(entry, "statement");
                string code = Field(entry, "state_code");
                int last = statements.FindLastIndex(s => s.Pid == pid);
                if (last >= 0 && statements[last].ErrorCode.Length == 0 && (failed.Length == 0 || statements[last].Text == failed))
                {
                    statements[last] = statements[last] with { ErrorCode = code };
                }
                else if (failed.Length > 0)
                {
                    statements.Add(new LoggedStatement(pid, Field(entry, "user"), Field(entry, "dbname"), client, failed, code));
                }
            }
        }

        return statements;
    }

    private string[] Lines()
    {
        string file = Path.Combine(_folder, "server.json");
        string[] lines = File.Exists(file) ? File.ReadAllText(file).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
        return lines.Length > 0 && !lines[^1].EndsWith('}') ? lines[..^1] : lines;
    }

    private static string? Text(string message)
    {
        const string Statement = "statement: ";
        const string Fastpath = "fastpath function call: ";
        if (message.StartsWith(Statement, StringComparison.Ordinal))
        {
            return message[Statement.Length..];
        }

        return message.StartsWith("execute ", StringComparison.Ordinal) ? message[(message.IndexOf(": ", StringComparison.Ordinal) + 2)..]
            : message.StartsWith(Fastpath, StringComparison.Ordinal) ? message
            : null;
    }

    private static string Field(JsonElement entry, string name) => entry.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private static async Task WriteCertificateAsync(string folder, CancellationToken cancellationToken)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        await File.WriteAllTextAsync(Path.Combine(folder, "server.crt"), certificate.ExportCertificatePem(), cancellationToken);
        string file = Path.Combine(folder, "server.key");
        await File.WriteAllTextAsync(file, key.ExportPkcs8PrivateKeyPem(), cancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task RunAsync(string file, string[] arguments)
    {
        using Process process = Process.Start(file, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}
